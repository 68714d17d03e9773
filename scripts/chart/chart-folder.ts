import { dirname, join } from 'node:path'

export const rootFolder = dirname(dirname(import.meta.dirname))
export const deployFolder = join(rootFolder, 'deploy')
export const chartFolder = join(deployFolder, 'aishell-chart')
