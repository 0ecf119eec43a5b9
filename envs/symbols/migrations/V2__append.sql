-- Appends a batch: an event without a symbol is a follow-up. One statement, so one transaction and
-- one way to the server and back. The first row says where the log was and is now; the others what
-- was added to which hour and symbol. A batch that is in already adds nothing.
CREATE FUNCTION append(by_writer uuid, by_batch bigint, ats timestamp[], uuids uuid[], symbols "char"[])
RETURNS TABLE (identity uuid, before bigint, after bigint,
               symbol "char", count bigint, earliest timestamp, latest timestamp, followups bigint)
LANGUAGE plpgsql
-- A plan made while the tables were empty must not read them whole later.
SET enable_seqscan = off SET jit = off
AS $$
#variable_conflict use_column
DECLARE
    known log%ROWTYPE;
BEGIN
    PERFORM log_position();
    SELECT * INTO known FROM log FOR UPDATE;
    PERFORM FROM writers AS w WHERE w.writer = by_writer AND w.batch = by_batch;
    IF FOUND THEN
        RETURN QUERY SELECT known.identity, known.position, known.position,
            NULL::"char", NULL::bigint, NULL::timestamp, NULL::timestamp, NULL::bigint;
        RETURN;
    END IF;

    INSERT INTO events (position, at, uuid, followup, symbol, initial_at)
    SELECT known.position + e.n, e.at, e.uuid, false, e.symbol, e.at
    FROM unnest(ats, uuids, symbols) WITH ORDINALITY AS e (at, uuid, symbol, n)
    WHERE e.symbol IS NOT NULL;

    INSERT INTO events (position, at, uuid, followup, symbol, initial_at)
    SELECT known.position + e.n, e.at, e.uuid, true, i.symbol, i.at
    FROM unnest(ats, uuids, symbols) WITH ORDINALITY AS e (at, uuid, symbol, n)
    LEFT JOIN LATERAL (
        SELECT o.symbol, o.at FROM events AS o
        WHERE o.uuid = e.uuid AND NOT o.followup AND o.position < known.position + e.n
        ORDER BY o.uuid DESC, o.position DESC LIMIT 1
    ) AS i ON true
    WHERE e.symbol IS NULL;

    UPDATE log AS l SET position = known.position + cardinality(ats);
    INSERT INTO writers (writer, batch) VALUES (by_writer, by_batch)
    ON CONFLICT (writer) DO UPDATE SET batch = excluded.batch, at = excluded.at;

    RETURN QUERY SELECT known.identity, known.position, known.position + cardinality(ats),
        NULL::"char", NULL::bigint, NULL::timestamp, NULL::timestamp, NULL::bigint;
    RETURN QUERY
    WITH added AS (
        SELECT date_trunc('hour', e.initial_at) AS hour, e.symbol,
            count(*) FILTER (WHERE NOT e.followup) AS count,
            min(e.at) FILTER (WHERE NOT e.followup) AS earliest,
            max(e.at) FILTER (WHERE NOT e.followup) AS latest,
            count(*) FILTER (WHERE e.followup) AS followups
        FROM events AS e
        WHERE e.position > known.position AND e.position <= known.position + cardinality(ats)
            AND e.initial_at IS NOT NULL
        GROUP BY 1, 2
    ), summed AS (
        INSERT INTO hours AS h (hour, symbol, count, earliest, latest, followups)
        SELECT a.hour, a.symbol, a.count, a.earliest, a.latest, a.followups FROM added AS a
        ON CONFLICT (hour, symbol) DO UPDATE SET
            count = h.count + excluded.count,
            earliest = least(h.earliest, excluded.earliest),
            latest = greatest(h.latest, excluded.latest),
            followups = h.followups + excluded.followups
    )
    SELECT known.identity, known.position, known.position + cardinality(ats),
        a.symbol, a.count, a.earliest, a.latest, a.followups
    FROM added AS a;
END
$$;
