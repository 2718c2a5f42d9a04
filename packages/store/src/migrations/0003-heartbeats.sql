-- What changes all the time must not wear the table: an update finds room on the page of its row and touches
-- no index (HOT), and what it leaves behind is swept before it is a fiftieth of the table.
alter table objects set (
  fillfactor = 70,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_vacuum_threshold = 1000
);
-- The log is written at one end and forgotten at the other.
alter table changes set (
  autovacuum_vacuum_scale_factor = 0.05,
  autovacuum_vacuum_insert_scale_factor = 0.5
);
