import { request as plainRequest, type IncomingMessage } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { apply, must, until } from '../command.ts'
import type { House } from '../house.ts'
import { NotHere, type Report } from '../report.ts'

const host = 'aishell.cluster.test'

interface Answer {
  readonly status: number
  readonly body: string
}

/** Through a real ingress controller: INGRESS_URL and INGRESS_TLS_URL are its addresses, INGRESS_CLASS its class. */
export async function ingress(house: House, report: Report): Promise<void> {
  report.chapter('Ingress')
  const [className, address, tlsAddress] = ['INGRESS_CLASS', 'INGRESS_URL', 'INGRESS_TLS_URL'].map((name) => process.env[name])
  const check = async (name: string, work: () => Promise<string | void>): Promise<boolean> =>
    await report.check(name, async () => {
      if (className === undefined || address === undefined) throw new NotHere('no INGRESS_CLASS and INGRESS_URL are given')
      return await work()
    })
  const here = address ?? ''
  const token = address === undefined ? '' : await house.secret('aishell-secrets', 'ADMIN_TOKEN')
  const certificate = address === undefined ? '' : await makeCertificate(house)
  await check('a host of the chart’s ingress leads to the release', async () => {
    const tls = [{ secretName: 'aishell-ingress', hosts: [host] }]
    await house.install({ ingress: { enabled: true, className, hosts: [{ host, paths: [{ path: '/', pathType: 'Prefix' }] }], tls } })
    await until('the way in', 60, async () => (await ask(here, '/health')).status === 200)
    const other = await ask(here, '/health', { host: 'other.cluster.test' })
    if (other.status !== 404) throw new Error(`another host is answered with ${other.status}`)
  })
  await check('paths stay as they are: pages, API and OpenAPI answer behind it', async () => {
    for (const path of ['/docs', '/openapi.json', '/ready']) {
      const { status } = await ask(here, path, { token })
      if (status !== 200) throw new Error(`${path} is answered with ${status}`)
    }
  })
  await check('metrics are on no public way', async () => {
    const { status, body } = await ask(here, '/metrics')
    if (status === 200 || body.includes('aishell_')) throw new Error(`/metrics is answered with ${status}`)
    return `answered with ${status}`
  })
  await check('a question is asked and answered through it', async () => {
    const { status, body } = await ask(here, '/api/v1/questions', {
      token,
      post: { connection: 'shop', sql: 'SELECT name FROM item WHERE id = 7' },
    })
    if (status !== 200 || !body.includes('item 7')) throw new Error(`${status} ${body.slice(0, 200)}`)
  })
  await check('an answer that is read slowly comes whole, after more than a minute', async () => {
    const sql = 'SELECT a.id, a.name, b.name AS other FROM item a CROSS JOIN item b'
    const startedMs = performance.now()
    const { status, body } = await ask(here, '/api/v1/questions', {
      token,
      accept: 'application/x-ndjson',
      post: { connection: 'shop', sql, limits: { statementTimeoutMs: 120_000, maxRows: 300_000, maxBytes: 33_554_432 } },
      slowly: true,
    })
    const lines = body.trim().split('\n')
    if (status !== 200 || !/"outcome":"(answered|truncated)"/.test(lines.at(-1) ?? ''))
      throw new Error(`${status}, last line ${lines.at(-1)?.slice(0, 200)}`)
    const seconds = Math.round((performance.now() - startedMs) / 1000)
    if (seconds < 61) throw new Error(`it was over after ${seconds} s`)
    return `${lines.length} lines in ${seconds} s`
  })
  await check('TLS ends at the controller, with the certificate of the chart’s Secret', async () => {
    if (tlsAddress === undefined) throw new NotHere('no INGRESS_TLS_URL is given')
    await until('the certificate', 30, async () => (await ask(tlsAddress, '/health', { certificate })).status === 200)
  })
  if (address !== undefined) await house.install()
}

async function makeCertificate(house: House): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'aishell-ingress-'))
  const [key, crt] = [join(folder, 'tls.key'), join(folder, 'tls.crt')]
  const subject = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`]
  await must('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-keyout', key, '-out', crt, ...subject])
  const [stringKey, stringCrt] = [key, crt].map((file) => readFileSync(file, 'utf8'))
  rmSync(folder, { recursive: true })
  const metadata = { name: 'aishell-ingress', namespace: house.namespace }
  await apply({
    apiVersion: 'v1',
    kind: 'Secret',
    type: 'kubernetes.io/tls',
    metadata,
    stringData: { 'tls.key': stringKey, 'tls.crt': stringCrt },
  })
  return stringCrt ?? ''
}

interface Asking {
  readonly host?: string
  readonly token?: string
  readonly accept?: string
  readonly post?: object
  /** Some kilobytes at a time, with pauses. */
  readonly slowly?: boolean
  /** The only one that is believed. */
  readonly certificate?: string
}

function ask(address: string, path: string, asking: Asking = {}): Promise<Answer> {
  const name = asking.host ?? host
  const body = asking.post === undefined ? undefined : JSON.stringify(asking.post)
  const headers: Record<string, string> = { host: name, accept: asking.accept ?? 'application/json' }
  if (asking.token !== undefined) headers['authorization'] = `Bearer ${asking.token}`
  if (body !== undefined) headers['content-type'] = 'application/json'
  const options = {
    method: body === undefined ? 'GET' : 'POST',
    headers,
    servername: name,
    ...(asking.certificate === undefined ? {} : { ca: asking.certificate }),
  }
  const request = address.startsWith('https:') ? tlsRequest : plainRequest
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, address), options, (response) => void read(response, asking.slowly === true).then(resolve, reject))
    sent.once('error', reject)
    sent.end(body)
  })
}

async function read(response: IncomingMessage, isSlow: boolean): Promise<Answer> {
  const startedMs = performance.now()
  let body = ''
  for await (const chunk of response) {
    body += String(chunk)
    // The first minute is spent on what comes first; the rest is read as fast as it comes.
    if (isSlow && performance.now() - startedMs < 62_000) await sleep(2_000)
  }
  return { status: response.statusCode ?? 0, body }
}
