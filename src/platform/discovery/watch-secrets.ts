import type { IncomingMessage } from 'node:http'
import { StringDecoder } from 'node:string_decoder'
import { setTimeout as sleep } from 'node:timers/promises'
import { isShellError } from '../../domain/index.ts'
import { failure, getFromApi, type KubernetesApiOptions } from './kubernetes-api.ts'
import type { KubernetesSecret } from './read-secret.ts'

export interface WatchOptions extends KubernetesApiOptions {
  readonly namespace: string
  readonly labelSelector: string
  /** First wait after a failure; doubles up to thirty seconds. */
  readonly backoffMs: number
}

/** What the watch tells; `listed` replaces all that was known. */
export interface WatchListener {
  listed(secrets: readonly KubernetesSecret[]): void
  changed(secret: KubernetesSecret): void
  removed(name: string): void
  /** The API cannot be followed; tried again by itself. */
  failed(error: unknown): void
}

interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR'
  readonly object: KubernetesSecret & { readonly code?: number }
}

interface SecretList {
  readonly metadata: { readonly resourceVersion?: string; readonly continue?: string }
  readonly items: readonly KubernetesSecret[]
}

const longestBackoffMs = 30_000
/** The server ends the stream by itself after this, so that a dead one is noticed; the watch goes on where it ended. */
const streamSeconds = 240
/** A Secret holds at most a mebibyte; as base64 and with its metadata that stays well below this. */
const longestLine = 8 * 1024 * 1024

/**
 * Lists, then follows changes by the Kubernetes watch protocol: from the list's resourceVersion, moved on by events and
 * bookmarks; a version the server has forgotten (410) is answered with a new list. Ends when `signal` aborts.
 */
export async function watchSecrets(options: WatchOptions, listener: WatchListener, signal: AbortSignal): Promise<void> {
  let version: string | null = null
  let waitMs = options.backoffMs
  while (!signal.aborted) {
    try {
      if (version === null) {
        const { secrets, resourceVersion } = await list(options, signal)
        listener.listed(secrets)
        version = resourceVersion
      }
      const startedMs = performance.now()
      version = await follow(options, version, listener, signal)
      waitMs = options.backoffMs
      if (performance.now() - startedMs < 1_000) await sleep(waitMs, undefined, { signal }) // a server that ends streams at once
    } catch (error) {
      if (signal.aborted) return
      version = null // whatever was missed meanwhile, a list has it
      if (isShellError(error) && error.code === 'discovery.gone') continue
      listener.failed(error)
      await sleep(waitMs * (0.75 + Math.random() / 2), undefined, { signal }).catch(() => undefined)
      waitMs = Math.min(2 * waitMs, longestBackoffMs)
    }
  }
}

function pathOf({ namespace, labelSelector }: WatchOptions, more: Readonly<Record<string, string>>): string {
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/secrets?${new URLSearchParams({ labelSelector, ...more }).toString()}`
}

async function list(
  options: WatchOptions,
  signal: AbortSignal,
): Promise<{ readonly secrets: readonly KubernetesSecret[]; readonly resourceVersion: string }> {
  const secrets: KubernetesSecret[] = []
  let next = ''
  for (;;) {
    const response = await getFromApi(options, pathOf(options, { limit: '200', ...(next === '' ? {} : { continue: next }) }), signal)
    const page = parsed(await textOf(response)) as Partial<SecretList> | null // shape of a SecretList, checked below
    if (!Array.isArray(page?.items) || page.metadata === undefined) throw failure('failed', 'The Kubernetes API answered no list.')
    secrets.push(...page.items)
    next = page.metadata.continue ?? ''
    if (next === '') return { secrets, resourceVersion: page.metadata.resourceVersion ?? '' }
  }
}

/** Gives the version to go on from once the stream has ended, or has broken: nothing is lost that the server still remembers. */
async function follow(options: WatchOptions, from: string, listener: WatchListener, signal: AbortSignal): Promise<string> {
  const query = { watch: '1', resourceVersion: from, allowWatchBookmarks: 'true', timeoutSeconds: String(streamSeconds) }
  const response = await getFromApi(options, pathOf(options, query), signal)
  response.setTimeout((streamSeconds + 30) * 1000, () => response.destroy(new Error('the stream is silent')))
  let version = from
  const lines = linesOf(response)
  for (;;) {
    const next = await lines.next().catch((error: unknown) => {
      if (isShellError(error) || signal.aborted) throw error
      return { done: true as const, value: undefined }
    })
    if (next.done === true) return version
    const event = parsed(next.value) as WatchEvent | null // a line of a watch stream, of the types below
    if (event === null) throw failure('failed', 'The Kubernetes API sent a line that is no event.')
    if (event.type === 'ERROR')
      throw event.object.code === 410 ? failure('gone', 'The watch is too old.') : failure('failed', 'The watch broke.')
    if (event.type === 'DELETED') listener.removed(event.object.metadata.name)
    if (event.type === 'ADDED' || event.type === 'MODIFIED') listener.changed(event.object)
    version = event.object.metadata.resourceVersion ?? version
  }
}

async function* linesOf(stream: IncomingMessage): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8')
  let rest = ''
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk as Buffer)).split('\n') // no encoding is set, so chunks are buffers
    rest = lines.pop() ?? ''
    if (rest.length > longestLine) throw failure('failed', 'The Kubernetes API sends an event without end.')
    for (const line of lines) if (line.trim() !== '') yield line
  }
}

async function textOf(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
