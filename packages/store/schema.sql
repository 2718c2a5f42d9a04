-- Generated from the catalogs after all migrations. Do not edit: run the migrations.

create table changes (
  version bigint not null,
  resource text collate "C" not null,
  namespace text collate "C" not null,
  name text collate "C" not null,
  type text not null,
  before text,
  after text,
  changed_at timestamp with time zone not null,
  constraint changes_pkey PRIMARY KEY (version),
  constraint changes_type_check CHECK ((type = ANY (ARRAY['ADDED'::text, 'MODIFIED'::text, 'DELETED'::text])))
) with (autovacuum_vacuum_scale_factor=0.05, autovacuum_vacuum_insert_scale_factor=0.5);
CREATE INDEX changes_by_resource ON changes USING btree (resource, version);

create table counter (
  one_row boolean default true not null,
  version bigint not null,
  constraint counter_one_row_check CHECK (one_row),
  constraint counter_pkey PRIMARY KEY (one_row)
) with (fillfactor=10);

create table hub (
  one_row boolean default true not null,
  epoch integer not null,
  horizon bigint not null,
  constraint hub_one_row_check CHECK (one_row),
  constraint hub_pkey PRIMARY KEY (one_row)
);

create table migrations (
  number integer not null,
  name text not null,
  checksum text not null,
  applied_at timestamp with time zone not null,
  constraint migrations_pkey PRIMARY KEY (number)
);

create table objects (
  resource text collate "C" not null,
  namespace text collate "C" not null,
  name text collate "C" not null,
  uid text not null,
  resource_version bigint not null,
  labels jsonb not null,
  body text not null,
  constraint objects_pkey PRIMARY KEY (resource, namespace, name)
) with (fillfactor=70, autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=1000);
CREATE INDEX objects_by_label ON objects USING gin (labels jsonb_path_ops);

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
  constraint rollups_pkey PRIMARY KEY (site_uid, boot_id, sequence)
);
CREATE INDEX rollups_by_end ON rollups USING btree (end_ms);
CREATE INDEX rollups_by_model ON rollups USING btree (namespace, model, end_ms);
CREATE INDEX rollups_by_site ON rollups USING btree (namespace, site, end_ms);

create table specs (
  site_uid text not null,
  namespace text not null,
  site text not null,
  epoch integer not null,
  revision bigint not null,
  content_digest text not null,
  envelope text not null,
  blobs text[] not null,
  constraint specs_pkey PRIMARY KEY (site_uid)
);
