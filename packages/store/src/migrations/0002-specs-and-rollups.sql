create table specs (
  site_uid text primary key,
  namespace text not null,
  site text not null,
  epoch integer not null,
  revision bigint not null,
  content_digest text not null,
  -- The signed envelope, byte for byte.
  envelope text not null,
  blobs text[] not null
);

create table rollups (
  site_uid text collate "C" not null,
  boot_id text collate "C" not null,
  sequence bigint not null,
  namespace text collate "C" not null,
  site text collate "C" not null,
  model text collate "C" not null,
  version text not null,
  digest text not null,
  start_ms bigint not null,
  end_ms bigint not null,
  requests bigint not null,
  errors bigint not null,
  judged bigint not null,
  correct bigint not null,
  latency_ms text not null,
  confidence text not null,
  classes text not null,
  -- What is sent twice counts once.
  primary key (site_uid, boot_id, sequence)
);
create index rollups_by_site on rollups (namespace, site, end_ms);
create index rollups_by_model on rollups (namespace, model, end_ms);
create index rollups_by_end on rollups (end_ms);
