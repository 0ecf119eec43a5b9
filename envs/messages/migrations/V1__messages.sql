-- Every message once. Its identity is the queue's: two numbers, which also put all messages in order.
CREATE TABLE messages (
    ms        bigint NOT NULL,
    seq       bigint NOT NULL,
    -- Not jsonb: what was sent is given back as it came, with its spaces, order and long numbers.
    body      json NOT NULL,
    stored_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (ms, seq)
);
