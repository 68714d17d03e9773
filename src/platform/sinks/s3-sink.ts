import type { S3mini } from 's3mini'
import type { Secret } from '../../domain/index.ts'
import { unavailable } from './unavailable.ts'
import type { CheckpointSink } from './sink.ts'

export interface S3SinkOptions {
  /** With the bucket: `https://s3.eu-central-1.amazonaws.com/trail`. */
  readonly endpoint: string
  readonly region: string
  readonly accessKeyId: string
  readonly secretAccessKey: Secret
  /** In front of every key; empty, or ending in a slash. */
  readonly prefix: string
  readonly timeoutMs: number
}

/**
 * One object per checkpoint, `<prefix><tenant>/<sequence>.json`, written once, and `latest.json` beside them. A bucket with
 * object lock keeps the first kind from everybody.
 */
export function createS3Sink(options: S3SinkOptions): CheckpointSink {
  const place = `${options.endpoint}/${options.prefix}`
  let opened: { readonly key: string; readonly client: S3mini } | null = null
  const bucket = async (): Promise<S3mini> => {
    const key = options.secretAccessKey.reveal() // a rotated one is taken from its file, see Secret
    if (opened?.key === key) return opened.client
    const { S3mini } = await import('s3mini')
    const { endpoint, region, accessKeyId, timeoutMs } = options
    const client = new S3mini({ endpoint, region, accessKeyId, secretAccessKey: key, requestAbortTimeout: timeoutMs })
    opened = { key, client }
    return client
  }
  const keep = async (key: string, line: string): Promise<void> => {
    const response = await (await bucket()).putObject(key, `${line}\n`, 'application/json')
    if (!response.ok) throw new Error(`the bucket answered ${response.status}`)
  }
  return {
    put: async ({ tenantId, sequence, line }) => {
      try {
        await keep(`${options.prefix}${tenantId}/${String(sequence).padStart(16, '0')}.json`, line)
        await keep(`${options.prefix}${tenantId}/latest.json`, line)
      } catch (cause) {
        throw unavailable(place, cause)
      }
    },
    latest: async (tenantId) => {
      try {
        return (await (await bucket()).getObject(`${options.prefix}${tenantId}/latest.json`))?.trim() ?? null
      } catch (cause) {
        throw unavailable(place, cause)
      }
    },
  }
}
