SELECT log_position();
INSERT INTO events (position, at, uuid, followup, symbol, initial_at)
SELECT n + 1, timestamp '2026-01-01' + n * interval '7.776 seconds',
    ('00000000-0000-4000-8000-' || lpad(to_hex(i), 12, '0'))::uuid, n <> i,
    chr(97 + i * 7 % 26)::"char", timestamp '2026-01-01' + i * interval '7.776 seconds'
FROM (SELECT n, CASE WHEN n % 4 = 3 THEN n - 1 ELSE n END AS i FROM generate_series(0, 999999) AS n) AS numbers;
INSERT INTO hours (hour, symbol, count, earliest, latest, followups)
SELECT date_trunc('hour', initial_at), symbol, count(*) FILTER (WHERE NOT followup),
    min(initial_at), max(initial_at), count(*) FILTER (WHERE followup)
FROM events GROUP BY 1, 2;
UPDATE log SET position = 1000000;
ANALYZE;
