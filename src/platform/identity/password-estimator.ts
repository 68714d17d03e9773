// Loaded on demand as one file of ours: both packages are CommonJS, whose names a bundle loses behind an import() of their own.
import { ZxcvbnFactory } from '@zxcvbn-ts/core'
import { adjacencyGraphs, dictionary } from '@zxcvbn-ts/language-common'

/** Guesses what a password is worth. Its word lists take megabytes. */
export const passwordEstimator = new ZxcvbnFactory({ dictionary, graphs: adjacencyGraphs })
