import { isShellError } from './domain/index.ts'
import type { Settings } from './platform/config/index.ts'
import type { Observer } from './platform/observe/index.ts'
import { createFileSink, createLogSink, createS3Sink, type CheckpointSink } from './platform/sinks/index.ts'
import type { LeaderJob } from './leader-jobs.ts'
import type { Record } from './question/record/index.ts'

/** Where the settings say that signed checkpoints go; null: they stay in the store. */
export function checkpointSink(settings: Settings, log: (line: string) => void): CheckpointSink | null {
  const { audit } = settings
  switch (audit.sink) {
    case 'none':
      return null
    case 'log':
      return createLogSink(log)
    case 'file':
      return createFileSink(audit.sinkFile ?? '') // the settings' rules ask for it
    case 's3': {
      if (audit.s3Endpoint === null || audit.s3SecretAccessKey === null) throw new Error('the settings’ rules ask for these')
      return createS3Sink({
        endpoint: audit.s3Endpoint,
        region: audit.s3Region,
        accessKeyId: audit.s3AccessKeyId ?? '',
        secretAccessKey: audit.s3SecretAccessKey,
        prefix: audit.s3Prefix,
        timeoutMs: 10_000,
      })
    }
  }
}

/** Signs what was written, brings it outside and removes what is too old; nothing where nothing is recorded. */
export function keepingJobs(record: Record, settings: Settings, observer: Observer): readonly LeaderJob[] {
  if (!settings.access.isAuditEnabled) return []
  const round = async (): Promise<void> => {
    await record.keep(settings.audit.retentionDays).catch((error: unknown) => {
      observer.observe({ type: 'failure', code: isShellError(error) ? error.code : 'record.keeping', error })
    })
  }
  return [{ everyMs: settings.audit.checkpointIntervalMs, isDoneAtEnd: true, round }]
}
