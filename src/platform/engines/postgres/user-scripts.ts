import { namedTables } from '../judge-user.ts'
import type { Powers } from './powers.ts'

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`
const plain = 'NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS'

/** Makes a user that may read what this one can see. The password is for the administrator to choose. */
export function readerScript(powers: Powers): string {
  const database = quoted(powers.database)
  const schemas = powers.schemas.length === 0 ? ['public'] : powers.schemas
  return [
    '-- Run as an administrator, in this database. Choose a password of your own.',
    `CREATE ROLE aishell_reader LOGIN PASSWORD '<choose one>' ${plain};`,
    'ALTER ROLE aishell_reader SET default_transaction_read_only = on;',
    `GRANT CONNECT ON DATABASE ${database} TO aishell_reader;`,
    '-- Leave out the schemas that must not be asked about:',
    ...schemas.flatMap((schema) => [
      `GRANT USAGE ON SCHEMA ${schema} TO aishell_reader;`,
      `GRANT SELECT ON ALL TABLES IN SCHEMA ${schema} TO aishell_reader;`,
      `ALTER DEFAULT PRIVILEGES IN SCHEMA ${schema} GRANT SELECT ON TABLES TO aishell_reader;`,
    ]),
    '-- What everybody may do is what this user may do. These take rights from all other users too:',
    ...powers.creatable.map((schema) => `REVOKE CREATE ON SCHEMA ${quoted(schema)} FROM PUBLIC;`),
    ...(powers.createsInDatabase ? [`REVOKE CREATE ON DATABASE ${database} FROM PUBLIC;`] : []),
    ...powers.remotes.map((signature) => `REVOKE EXECUTE ON FUNCTION ${signature} FROM PUBLIC;`),
  ].join('\n')
}

/** Makes a user that may change rows of the tables this one can see, and nothing else. */
export function writerScript({ database, schemas, tables, sequences }: Powers): string {
  const places = tables.length > namedTables ? schemas.map((schema) => `ALL TABLES IN SCHEMA ${schema}`) : tables
  return [
    '-- For approved writes, a user of its own (`writer` of the connection), in this database. Choose a password of your own.',
    `CREATE ROLE aishell_writer LOGIN PASSWORD '<choose one>' ${plain};`,
    `GRANT CONNECT ON DATABASE ${quoted(database)} TO aishell_writer;`,
    ...schemas.map((schema) => `GRANT USAGE ON SCHEMA ${schema} TO aishell_writer;`),
    '-- Leave out the tables, and the verbs, that no approved write may have:',
    ...places.map((place) => `GRANT SELECT, INSERT, UPDATE, DELETE ON ${place} TO aishell_writer;`),
    ...sequences.map((sequence) => `GRANT USAGE ON SEQUENCE ${sequence} TO aishell_writer;`),
  ].join('\n')
}
