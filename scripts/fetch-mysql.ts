import { fetchMysqlFiles } from './mysql/server-files.ts'

/** `node scripts/start.mjs run scripts/fetch-mysql.ts`: the MySQL server that the tests start, into the user's cache. */
const { version, folder } = fetchMysqlFiles()
console.log(`MySQL ${version} in ${folder}`)
