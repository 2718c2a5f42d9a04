import type { Clock } from '@skerry/base/clock'
import { migrate } from './migrate.ts'
import { connect } from './postgres-connections.ts'

/** Makes a database on the server of `serverUrl`, as a copy of another where one is named; answers its URL. */
export async function createDatabase(
  serverUrl: string,
  name: string,
  template?: string,
): Promise<string> {
  const client = await connect(serverUrl)
  try {
    const copy = template === undefined ? '' : ` template ${client.escapeIdentifier(template)}`
    await client.query(`create database ${client.escapeIdentifier(name)}${copy}`)
  } finally {
    await client.end()
  }
  const url = new URL(serverUrl)
  url.pathname = `/${name}`
  return url.href
}

/** Removes a database, with whoever is connected to it. */
export async function dropDatabase(serverUrl: string, name: string): Promise<void> {
  const client = await connect(serverUrl)
  try {
    await client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`)
  } finally {
    await client.end()
  }
}

/** Brings the schema of a database up to date. */
export async function migrateDatabase(databaseUrl: string, clock: Clock): Promise<void> {
  const client = await connect(databaseUrl)
  try {
    await migrate(client, clock)
  } finally {
    await client.end()
  }
}
