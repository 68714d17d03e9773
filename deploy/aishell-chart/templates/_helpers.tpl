{{- define "aishell.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 46 characters leave room for the longest suffix we add. */}}
{{- define "aishell.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 46 | trimSuffix "-" -}}
{{- else if contains (include "aishell.name" .) .Release.Name -}}
{{- .Release.Name | trunc 46 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "aishell.name" .) | trunc 46 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* The same lines as in the subcharts, short enough for a CronJob and for the Sentinels: both must find the same names without seeing each other's values. */}}
{{- define "aishell.postgresqlName" -}}
{{- .Values.postgresql.fullnameOverride | default (printf "%s-postgresql" .Release.Name) | trunc 44 | trimSuffix "-" -}}
{{- end -}}

{{- define "aishell.redisName" -}}
{{- .Values.redis.fullnameOverride | default (printf "%s-redis" .Release.Name) | trunc 43 | trimSuffix "-" -}}
{{- end -}}

{{- define "aishell.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- .Values.serviceAccount.name | default (include "aishell.fullname" .) -}}
{{- else -}}
{{- .Values.serviceAccount.name | default "default" -}}
{{- end -}}
{{- end -}}

{{- define "aishell.selectorLabels" -}}
app.kubernetes.io/name: "{{ include "aishell.name" . }}"
app.kubernetes.io/instance: "{{ .Release.Name }}"
{{- end -}}

{{- define "aishell.labels" -}}
{{ include "aishell.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: aishell
app.kubernetes.io/managed-by: "{{ .Release.Service }}"
helm.sh/chart: "{{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}"
{{- end -}}

{{/* registry/repository with a digest, or else a tag. */}}
{{- define "aishell.image" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
{{- $repository := ternary .Values.image.repository (printf "%s/%s" $registry .Values.image.repository) (empty $registry) -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (.Values.image.tag | default .Chart.AppVersion) -}}
{{- end -}}
{{- end -}}

{{- define "aishell.pullSecrets" -}}
{{- with concat .Values.global.imagePullSecrets .Values.imagePullSecrets | uniq }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "aishell.hasPostgresql" -}}
{{- if and .Values.postgresql.enabled (eq .Values.postgresql.mode "internal") }}true{{ end -}}
{{- end -}}

{{- define "aishell.hasCnpg" -}}
{{- if eq .Values.postgresql.mode "cnpg" }}true{{ end -}}
{{- end -}}

{{- define "aishell.hasBundledRedis" -}}
{{- if and .Values.redis.enabled (ne .Values.redis.mode "external") }}true{{ end -}}
{{- end -}}

{{/* Whether there is any Redis. */}}
{{- define "aishell.hasRedis" -}}
{{- if or (include "aishell.hasBundledRedis" .) (eq .Values.redis.mode "external") }}true{{ end -}}
{{- end -}}

{{/* Name of the Secret or ConfigMap with the store's certificate authority, its key, or nothing. */}}
{{- define "aishell.storeCa" -}}
{{- if include "aishell.hasPostgresql" . -}}
{{- if .Values.postgresql.tls.enabled }}{{ dict "name" (include "aishell.tlsSecretName" .) "key" "ca.crt" | toYaml }}{{ end -}}
{{- else if include "aishell.hasCnpg" . -}}
{{- dict "name" (printf "%s-ca" (include "aishell.postgresqlName" .)) "key" "ca.crt" | toYaml -}}
{{- else if .Values.postgresql.external.caSecret.name -}}
{{- toYaml .Values.postgresql.external.caSecret -}}
{{- end -}}
{{- end -}}

{{- define "aishell.tlsSecretName" -}}
{{- .Values.postgresql.tls.name | default (printf "%s-tls" (include "aishell.postgresqlName" .)) -}}
{{- end -}}

{{/* Values of the scheduler that every pod of AI-Shell shares. */}}
{{- define "aishell.scheduling" -}}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: "{{ . }}"
{{- end }}
{{- end -}}

{{/* More than one pod may be there at once. */}}
{{- define "aishell.isReplicated" -}}
{{- if .Values.autoscaling.enabled -}}
{{- if gt (int .Values.autoscaling.maxReplicas) 1 }}true{{ end -}}
{{- else if gt (int .Values.replicaCount) 1 -}}true
{{- end -}}
{{- end -}}
