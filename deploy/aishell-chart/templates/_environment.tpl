{{/* Every setting that is no secret, as NAME: text. What the chart decides itself comes after `config`. */}}
{{- define "aishell.environment" -}}
{{- $env := dict -}}
{{- $names := include "aishell.settingNames" . | fromYaml -}}
{{- range $key, $value := .Values.config -}}
{{- if not (kindIs "invalid" $value) -}}
{{- $_ := set $env (get $names $key) (include "aishell.settingText" $value) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $env "LISTEN_HOST" "0.0.0.0" -}}
{{- $_ := set $env "PORT" (toString (int .Values.service.targetPort)) -}}
{{- $_ := set $env "METRICS_PORT" (toString (int .Values.metrics.port)) -}}
{{- $_ := set $env "DATA_DIR" "/app/data" -}}
{{- $_ := set $env "CONFIG_DIR" "/app/config" -}}
{{- $_ := set $env "MIGRATIONS" .Values.migrations.mode -}}
{{- if .Values.discovery.enabled -}}
{{- $_ := set $env "DISCOVERY_ENABLED" "true" -}}
{{- $_ := set $env "DISCOVERY_NAMESPACE" .Values.discovery.namespace -}}
{{- end -}}
{{- $env = merge $env (include "aishell.storeEnvironment" . | fromYaml) (include "aishell.redisEnvironment" . | fromYaml) -}}
{{- toYaml $env -}}
{{- end -}}

{{/* Lists with commas between; whole numbers never as 1e+09. */}}
{{- define "aishell.settingText" -}}
{{- if kindIs "slice" . -}}{{ join "," . }}
{{- else if kindIs "float64" . -}}{{ if eq (floor .) . }}{{ int64 . }}{{ else }}{{ . }}{{ end }}
{{- else -}}{{ . }}
{{- end -}}
{{- end -}}

{{- define "aishell.storeEnvironment" -}}
{{- $postgresql := .Values.postgresql -}}
{{- $name := include "aishell.postgresqlName" . -}}
{{- $domain := printf "%s.svc.%s" .Release.Namespace .Values.global.clusterDomain -}}
DB_NAME: {{ $postgresql.auth.database | quote }}
DB_USER: {{ $postgresql.auth.username | quote }}
{{- if include "aishell.hasPostgresql" . }}
DB_HOST: {{ $name }}.{{ $domain }}
DB_PORT: "5432"
DB_SSLMODE: {{ ternary "verify-full" "disable" $postgresql.tls.enabled }}
{{- else if include "aishell.hasCnpg" . }}
DB_HOST: {{ $name }}-rw.{{ .Release.Namespace }}.svc
DB_PORT: "5432"
DB_SSLMODE: verify-full
{{- else }}
DB_HOST: {{ $postgresql.external.host | quote }}
DB_PORT: {{ int $postgresql.external.port | quote }}
DB_SSLMODE: {{ $postgresql.external.sslmode }}
{{- end }}
{{- end -}}

{{- define "aishell.redisEnvironment" -}}
{{- $redis := .Values.redis -}}
{{- $name := include "aishell.redisName" . -}}
{{- $domain := printf "%s.svc.%s" .Release.Namespace .Values.global.clusterDomain -}}
{{- if include "aishell.hasBundledRedis" . -}}
{{- if eq $redis.mode "sentinel" -}}
{{- $sentinels := list -}}
{{- range $index := until 3 -}}
{{- $sentinels = append $sentinels (printf "%s-sentinel-%d.%s:26379" $name $index $domain) -}}
{{- end -}}
REDIS_SENTINELS: {{ join "," $sentinels }}
REDIS_SENTINEL_NAME: aishell
{{- else -}}
REDIS_HOST: {{ $name }}.{{ $domain }}
REDIS_PORT: "6379"
{{- end }}
{{- else if eq $redis.mode "external" -}}
{{- if $redis.external.sentinels -}}
REDIS_SENTINELS: {{ join "," $redis.external.sentinels | quote }}
REDIS_SENTINEL_NAME: {{ $redis.external.sentinelName | quote }}
{{- else -}}
REDIS_HOST: {{ $redis.external.host | quote }}
REDIS_PORT: {{ int $redis.external.port | quote }}
{{- end }}
REDIS_TLS: {{ $redis.external.tls | quote }}
{{- end }}
{{- end -}}
