// Flags and environment → one frozen Config. Read once, at the start; nothing else reads the environment.

import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { PawlError } from './model/errors.ts';

export interface Config {
  /** A kubeconfig file; undefined: the service account of the pod. Never the ambient KUBECONFIG. */
  kubeconfig: string | undefined;
  context: string | undefined;
  /** Where Pawl itself lives: its lease and its installation key. */
  namespace: string;
  /** Only Apps of this namespace are followed; undefined: those of all. */
  appNamespace: string | undefined;
  clusterName: string;
  /** Clones; may be lost at any time. */
  cacheDir: string;
  /** Address and port of /healthz, /readyz and /metrics; port 0 takes a free one. */
  host: string;
  port: number;
  leaseMs: number;
  /** Unique for each process. */
  identity: string;
  logLevel: string;
  gitTimeoutMs: number;
  maxPackBytes: number;
  /** Where checks of kind prometheus are asked; undefined: nowhere. */
  prometheusUrl: string | undefined;
  /** A file with a bearer token for it. */
  prometheusTokenFile: string | undefined;
}

/** What the command line gives; everything has a default. */
export interface RunFlags {
  kubeconfig?: string;
  context?: string;
  namespace?: string;
  appNamespace?: string;
  clusterName?: string;
  cacheDir?: string;
  listen?: string;
  leaseDuration?: string;
  logLevel?: string;
  gitTimeout?: string;
  maxPackMib?: string;
  prometheusUrl?: string;
  prometheusTokenFile?: string;
}

export const DEFAULT_NAMESPACE = 'pawl-system';

/** Throws PawlError `BadFlag`. */
export function configOf(flags: RunFlags, env: NodeJS.ProcessEnv): Config {
  const { host, port } = listenAddress(flags.listen ?? env.PAWL_LISTEN ?? '0.0.0.0:8080');
  return Object.freeze({
    kubeconfig: flags.kubeconfig ?? env.PAWL_KUBECONFIG,
    context: flags.context,
    namespace: flags.namespace ?? env.PAWL_NAMESPACE ?? DEFAULT_NAMESPACE,
    appNamespace: flags.appNamespace ?? env.PAWL_APP_NAMESPACE,
    clusterName: flags.clusterName ?? env.PAWL_CLUSTER_NAME ?? 'cluster',
    cacheDir: flags.cacheDir ?? env.PAWL_CACHE_DIR ?? join(tmpdir(), 'pawl-cache'),
    host,
    port,
    leaseMs: wholeNumber('--lease-duration', flags.leaseDuration ?? '15', 1, 3600) * 1000,
    identity: `${env.POD_NAME ?? hostname()}_${crypto.randomUUID().slice(0, 8)}`,
    logLevel: logLevel(flags.logLevel ?? env.PAWL_LOG_LEVEL ?? 'info'),
    gitTimeoutMs: wholeNumber('--git-timeout', flags.gitTimeout ?? '60', 1, 3600) * 1000,
    maxPackBytes: wholeNumber('--max-pack-mib', flags.maxPackMib ?? '256', 1, 4096) * 1024 * 1024,
    prometheusUrl: httpUrl('--prometheus-url', flags.prometheusUrl ?? env.PAWL_PROMETHEUS_URL),
    prometheusTokenFile: flags.prometheusTokenFile ?? env.PAWL_PROMETHEUS_TOKEN_FILE,
  });
}

function listenAddress(text: string): { host: string; port: number } {
  const colon = text.lastIndexOf(':');
  const host = text.slice(0, Math.max(colon, 0)).replace(/^\[|\]$/g, '');
  return {
    host: host === '' ? '0.0.0.0' : host,
    port: wholeNumber('--listen', text.slice(colon + 1), 0, 65_535),
  };
}

/** Undefined, or empty: none. The URL is not quoted: it may hold a password. */
function httpUrl(flag: string, text: string | undefined): string | undefined {
  if (text === undefined || text === '') return undefined;
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isPlain = url?.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (isPlain && /^https?:$/.test(url.protocol)) return url.href;
  throw new PawlError({
    code: 'BadFlag',
    message: `${flag} is not a plain http or https URL`,
    hint: 'Write it like http://prometheus.monitoring:9090; a token goes into --prometheus-token-file.',
  });
}

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (text.trim() !== '' && Number.isInteger(value) && value >= least && value <= most) return value;
  throw new PawlError({
    code: 'BadFlag',
    message: `${flag} is "${text}", which is not a whole number from ${least} to ${most}`,
    hint: 'See `pawl run --help`.',
  });
}

const LOG_LEVELS = ['trace', 'debug', 'info', 'warn', 'error'];

function logLevel(text: string): string {
  if (LOG_LEVELS.includes(text)) return text;
  throw new PawlError({
    code: 'BadFlag',
    message: `--log-level is "${text}"`,
    hint: `It is one of ${LOG_LEVELS.join(', ')}.`,
  });
}
