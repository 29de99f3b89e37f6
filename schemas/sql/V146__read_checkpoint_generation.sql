SET LOCAL ROLE ordersaga_owner;

-- Which table a checkpoint belongs to: raised when a rebuilt table takes the place of the live one. A projector that holds rows
-- of the old one in memory cannot move the checkpoint any more, and begins again with the new rows.
ALTER TABLE read.projection_checkpoint ADD COLUMN generation integer NOT NULL DEFAULT 0;
