-- What the log is, and how far it goes. Whoever appends holds this row until its commit, so
-- positions are in commit order and have no gaps. The row is made with the first look at it and not
-- here: a copy of an empty database would otherwise pass for the log that it is a copy of.
CREATE TABLE log (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    identity uuid NOT NULL DEFAULT gen_random_uuid(),
    position bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 10);

-- Every event as it came. Times are UTC. Nothing here is changed or deleted.
CREATE TABLE events (
    position   bigint PRIMARY KEY,
    at         timestamp NOT NULL,
    uuid       uuid NOT NULL,
    followup   boolean NOT NULL,
    -- An initial's own; a follow-up has those of the last initial with its uuid, or none.
    symbol     "char",
    initial_at timestamp
);
CREATE INDEX events_initials ON events (uuid, position) WHERE NOT followup;
CREATE INDEX events_ranges ON events (initial_at) INCLUDE (symbol, followup);

-- What the events of an hour come to; a follow-up counts in the hour of its initial.
CREATE TABLE hours (
    hour      timestamp,
    symbol    "char",
    count     bigint NOT NULL,
    earliest  timestamp,
    latest    timestamp,
    followups bigint NOT NULL,
    PRIMARY KEY (hour, symbol)
) WITH (fillfactor = 50);

-- The last batch of each program that appends, so that one whose answer was lost can be sent again.
CREATE TABLE writers (
    writer uuid PRIMARY KEY,
    batch  bigint NOT NULL,
    at     timestamp NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')
) WITH (fillfactor = 50);

-- Returns the log's identity and position, of a log that is made here where there is none.
CREATE FUNCTION log_position(OUT identity uuid, OUT "position" bigint) LANGUAGE plpgsql AS $$
BEGIN
    SELECT log.identity, log.position INTO identity, position FROM log;
    IF NOT FOUND THEN
        INSERT INTO log DEFAULT VALUES ON CONFLICT DO NOTHING;
        SELECT log.identity, log.position INTO identity, position FROM log;
    END IF;
END
$$;
