import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Pool } from 'pg'

/** R: what a program without any of AI-Shell's duties does: take an id, ask the database, send JSON. */
const pool = new Pool({ connectionString: process.argv[2] ?? '', max: 16 })
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (chunk: Buffer) => (body += chunk.toString()))
  request.on('end', () => {
    const { aid } = JSON.parse(body) as { aid: number } // sent by the bench
    pool.query('SELECT * FROM pgbench_accounts WHERE aid=$1', [aid]).then(
      (result) => response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(result.rows)),
      (error: Error) => response.writeHead(500).end(error.message),
    )
  })
})
server.listen(0, '127.0.0.1', () => console.log(`port ${(server.address() as AddressInfo).port}`))
