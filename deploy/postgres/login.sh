#!/usr/bin/env bash
# Runs once, when the volume is empty: makes the login that the server uses, which is no superuser.
set -euo pipefail
psql --username "$POSTGRES_USER" --dbname postgres --set ON_ERROR_STOP=1 --set password="$DATABASE_PASSWORD" <<'SQL'
create role velocicompanion login createrole noinherit password :'password';
create database velocicompanion owner velocicompanion;
\connect velocicompanion
-- On PostgreSQL 15 a login that inherits nothing has no rights on it by owning the database.
alter schema public owner to velocicompanion;
SQL
