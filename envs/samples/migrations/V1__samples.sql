-- A table for each kind: each has columns of its own, and none is read for another's sake.
-- The identity is the client's, so that what is sent twice is stored once.

CREATE TABLE activity (
    id         uuid PRIMARY KEY,
    user_name  text NOT NULL,
    started    timestamptz NOT NULL,
    ended      timestamptz NOT NULL CHECK (ended >= started),
    type       text NOT NULL CHECK (type IN ('still', 'walking', 'running', 'cycling', 'driving')),
    confidence smallint NOT NULL CHECK (confidence BETWEEN 0 AND 100)
);

CREATE TABLE location (
    id         uuid PRIMARY KEY,
    user_name  text NOT NULL,
    started    timestamptz NOT NULL,
    ended      timestamptz NOT NULL CHECK (ended >= started),
    latitude   double precision NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude  double precision NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    accuracy_m real NOT NULL CHECK (accuracy_m >= 0)
);

CREATE TABLE acceleration (
    id        uuid PRIMARY KEY,
    user_name text NOT NULL,
    started   timestamptz NOT NULL,
    ended     timestamptz NOT NULL CHECK (ended >= started),
    x         real NOT NULL,
    y         real NOT NULL,
    z         real NOT NULL
);

-- A user's samples in a range of time, and everybody's, both in the order in which they are given out.
CREATE INDEX activity_by_user ON activity (user_name, started, id);
CREATE INDEX activity_by_time ON activity (started, id);
CREATE INDEX location_by_user ON location (user_name, started, id);
CREATE INDEX location_by_time ON location (started, id);
CREATE INDEX acceleration_by_user ON acceleration (user_name, started, id);
CREATE INDEX acceleration_by_time ON acceleration (started, id);
