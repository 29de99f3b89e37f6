SET LOCAL ROLE ordersaga_owner;

-- Where the lives of the log part. Written when an operator raises the epoch, after the log was taken back in time: what
-- stands above starts_after was, or will be, recorded anew in this epoch, whatever was published there in an earlier one.
-- Epoch 1 has no rows: it starts after position 0.
CREATE TABLE log.epochs (
  epoch        integer  NOT NULL CHECK (epoch > 1),
  shard        smallint NOT NULL,
  starts_after bigint   NOT NULL CHECK (starts_after >= 0),
  -- Of the log when the epoch began.
  head         bigint   NOT NULL CHECK (head >= starts_after),
  PRIMARY KEY (epoch, shard)
);

-- Who began an epoch, when and why.
CREATE TABLE log.epoch_changes (
  epoch    integer     PRIMARY KEY,
  begun_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  actor    text        NOT NULL,
  reason   text        NOT NULL CHECK (length(btrim(reason)) BETWEEN 3 AND 1000)
);

GRANT SELECT ON log.epochs, log.epoch_changes TO ordersaga_writer, ordersaga_relay, ordersaga_projector, ordersaga_operator;
