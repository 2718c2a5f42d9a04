-- The one row that every writer locks: the version of the newest change. Whoever holds it decides the
-- order of changes until its commit, in all processes of the hub.
create table counter (
  one_row boolean primary key default true check (one_row),
  version bigint not null
) with (fillfactor = 10);
insert into counter (version) values (0);

create table hub (
  one_row boolean primary key default true check (one_row),
  -- Raised when the hub is restored from a backup.
  epoch integer not null,
  -- Changes up to and with this version are no longer served.
  horizon bigint not null
);
insert into hub (epoch, horizon) values (1, 0);

create table objects (
  resource text collate "C" not null,
  namespace text collate "C" not null,
  name text collate "C" not null,
  uid text not null,
  resource_version bigint not null,
  labels jsonb not null,
  -- The exact JSON: jsonb would lose the order of keys and refuse U+0000.
  body text not null,
  primary key (resource, namespace, name)
) with (fillfactor = 80);
create index objects_by_label on objects using gin (labels jsonb_path_ops);

create table changes (
  version bigint primary key,
  resource text collate "C" not null,
  namespace text collate "C" not null,
  name text collate "C" not null,
  type text not null check (type in ('ADDED', 'MODIFIED', 'DELETED')),
  before text,
  after text,
  changed_at timestamptz not null
);
create index changes_by_resource on changes (resource, version);
