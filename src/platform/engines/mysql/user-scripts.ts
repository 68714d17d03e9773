import { dialectFacts } from '../../../domain/index.ts'
import { namedTables } from '../judge-user.ts'
import { ownSchemas } from './catalog-queries.ts'
import type { MysqlSession } from './session.ts'

const quoted = (name: string): string => dialectFacts.mysql.quoteIdentifier(name)
/** In a grant on a database _ and % stand for any characters, unless escaped. */
const databasePlace = (name: string): string => `${quoted(name.replaceAll(/[_%\\]/g, '\\$&'))}.*`

/** Makes a user that may read the databases this one can see. The password is for the administrator to choose. */
export async function readerScript(session: MysqlSession): Promise<string> {
  return [
    '-- Run as an administrator. Choose a password of your own, and a host narrower than % if you can.',
    "CREATE USER 'aishell_reader'@'%' IDENTIFIED BY '<choose one>';",
    '-- Leave out the databases that must not be asked about:',
    ...(await schemasOf(session)).map((name) => `GRANT SELECT, SHOW VIEW ON ${databasePlace(name)} TO 'aishell_reader'@'%';`),
  ].join('\n')
}

/** Makes a user that may change rows of the tables this one can see, and nothing else. */
export async function writerScript(session: MysqlSession): Promise<string> {
  const tables = await session.own<{ readonly schema: string; readonly name: string }>(
    `SELECT TABLE_SCHEMA AS \`schema\`, TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_TYPE = 'BASE TABLE'
       AND TABLE_SCHEMA NOT IN ${ownSchemas} ORDER BY TABLE_SCHEMA, TABLE_NAME LIMIT ${namedTables + 1}`,
  )
  const places =
    tables.length > namedTables
      ? (await schemasOf(session)).map(databasePlace)
      : tables.map(({ schema, name }) => `${quoted(schema)}.${quoted(name)}`)
  return [
    '-- For approved writes, a user of its own (`writer` of the connection). Choose a password of your own, and a narrower host.',
    "CREATE USER 'aishell_writer'@'%' IDENTIFIED BY '<choose one>';",
    '-- Leave out the tables, and the verbs, that no approved write may have:',
    ...places.map((place) => `GRANT SELECT, INSERT, UPDATE, DELETE ON ${place} TO 'aishell_writer'@'%';`),
  ].join('\n')
}

async function schemasOf(session: MysqlSession): Promise<readonly string[]> {
  const schemas = await session.own<{ readonly name: string }>(
    `SELECT SCHEMA_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME NOT IN ${ownSchemas} ORDER BY SCHEMA_NAME LIMIT 50`,
  )
  return schemas.map(({ name }) => name)
}
