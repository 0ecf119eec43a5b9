-- Uploads that are worked off later, each by one worker at a time.

CREATE TABLE job (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    state       text NOT NULL DEFAULT 'queued'
                CHECK (state IN ('queued', 'running', 'done', 'failed')),
    gzip        boolean NOT NULL,
    bytes       bigint NOT NULL,
    created     timestamptz NOT NULL DEFAULT now(),
    finished    timestamptz,
    -- Counts who took it, so that one who lost it cannot finish it.
    attempt     integer NOT NULL DEFAULT 0,
    lease_until timestamptz,
    -- Counts the workers that fell silent over it.
    deaths      integer NOT NULL DEFAULT 0,
    processed   bigint,
    stored      bigint,
    reason      text
);

CREATE INDEX job_open ON job (id) WHERE state IN ('queued', 'running');

CREATE TABLE job_chunk (
    job    bigint NOT NULL REFERENCES job (id) ON DELETE CASCADE,
    number integer NOT NULL,
    bytes  bytea NOT NULL,
    PRIMARY KEY (job, number)
);

-- Bodies are compressed already where that helps.
ALTER TABLE job_chunk ALTER COLUMN bytes SET STORAGE EXTERNAL;
