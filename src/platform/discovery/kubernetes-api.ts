import { readFile } from 'node:fs/promises'
import { request as plainRequest, type IncomingMessage } from 'node:http'
import { request as tlsRequest } from 'node:https'
import { join } from 'node:path'
import { ShellError } from '../../domain/index.ts'

export interface KubernetesApiOptions {
  /** `https://kubernetes.default.svc`, without a trailing slash. */
  readonly address: string
  /** Folder with `token` and `ca.crt`, as Kubernetes mounts it; both are read anew for every request, since tokens are exchanged. */
  readonly accountDir: string
}

/** Longest silence before an answer begins. A stream may be silent for longer: it has a time-out of its own. */
const answerTimeoutMs = 30_000

/** A GET as the pod's service account. Throws `discovery.unreachable`, `discovery.denied`, `discovery.gone` or `discovery.failed`. */
export async function getFromApi(options: KubernetesApiOptions, path: string, signal: AbortSignal): Promise<IncomingMessage> {
  const url = new URL(`${options.address}${path}`)
  const { token, ca } = await accountOf(options.accountDir)
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const send = url.protocol === 'http:' ? plainRequest : tlsRequest
    const request = send(url, {
      signal,
      headers: { authorization: `Bearer ${token}`, accept: 'application/json', 'user-agent': 'aishell' },
      ...(ca === null ? {} : { ca }),
    })
    const timer = setTimeout(() => request.destroy(new Error('no answer in time')), answerTimeoutMs)
    request.once('close', () => clearTimeout(timer))
    request.once('response', (answer) => {
      clearTimeout(timer)
      resolve(answer)
    })
    request.once('error', (cause) => reject(failure('unreachable', `The Kubernetes API does not answer: ${cause.message}`, cause)))
    request.end()
  })
  if (response.statusCode === 200) return response
  response.resume()
  throw refusal(response.statusCode ?? 0)
}

async function accountOf(folder: string): Promise<{ readonly token: string; readonly ca: string | null }> {
  try {
    const token = (await readFile(join(folder, 'token'), 'utf8')).trim()
    return { token, ca: await readFile(join(folder, 'ca.crt'), 'utf8').catch(() => null) } // without one, the system's authorities count
  } catch (cause) {
    throw failure('no-token', `There is no service account token in ${folder}.`, cause)
  }
}

function refusal(status: number): ShellError {
  if (status === 410) return failure('gone', 'The Kubernetes API no longer knows the version asked for.')
  if (status === 401 || status === 403)
    return failure('denied', `The Kubernetes API refuses to let this service account read the Secrets (${status}).`)
  return failure('failed', `The Kubernetes API answered ${status}.`)
}

const hints: Readonly<Record<string, string>> = {
  'no-token': 'Mount a projected service account token there; the chart does with discovery.enabled=true.',
  denied: 'Give it a Role with the verbs list and watch on secrets in DISCOVERY_NAMESPACE; the chart does with discovery.enabled=true.',
  unreachable: 'Let the network policy pass the API server, and check DISCOVERY_API_SERVER.',
}

export function failure(reason: string, message: string, cause?: unknown): ShellError {
  const hint = hints[reason]
  return new ShellError({ code: `discovery.${reason}`, kind: 'failed', message, ...(hint === undefined ? {} : { hint }), cause })
}
