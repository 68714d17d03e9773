{{/*
Every Secret of the release in one table: id → where it comes from, its name, and its keys with how one is made.
The Secrets, the ExternalSecrets, the mounts and the checks all read it.
*/}}
{{- define "aishell.secretTable" -}}
{{- $values := .Values -}}
app:
  source: "{{ $values.secrets.app.source }}"
  name: "{{ $values.secrets.app.name | default (printf "%s-secrets" (include "aishell.fullname" .)) }}"
  path: secrets.app
  keys:
    SECRET_KEY: key
    JWT_SECRET: key
    ADMIN_TOKEN: token
database:
  source: "{{ $values.postgresql.auth.secret.source }}"
  name: "{{ $values.postgresql.auth.secret.name | default (printf "%s-owner" (include "aishell.postgresqlName" .)) }}"
  path: postgresql.auth.secret
  {{- if include "aishell.hasCnpg" . }}
  basicAuth: "{{ $values.postgresql.auth.username }}"
  {{- end }}
  keys:
    DB_PASSWORD: password
{{- if include "aishell.hasPostgresql" . }}
admin:
  source: "{{ $values.postgresql.auth.adminSecret.source }}"
  name: "{{ $values.postgresql.auth.adminSecret.name | default (printf "%s-admin" (include "aishell.postgresqlName" .)) }}"
  path: postgresql.auth.adminSecret
  keys:
    POSTGRES_PASSWORD: password
    BACKUP_PASSWORD: password
{{- end }}
{{- if include "aishell.hasRedis" . }}
redis:
  source: "{{ $values.redis.auth.secret.source }}"
  name: "{{ $values.redis.auth.secret.name | default (include "aishell.redisName" .) }}"
  path: redis.auth.secret
  keys:
    REDIS_PASSWORD: password
{{- end }}
{{- if ne $values.secrets.providers.source "none" }}
providers:
  source: "{{ $values.secrets.providers.source }}"
  name: "{{ $values.secrets.providers.name | default (printf "%s-providers" (include "aishell.fullname" .)) }}"
  path: secrets.providers
  keys:
    {{- range $values.secrets.providers.keys }}
    {{ . }}: given
    {{- else }} {}
    {{- end }}
{{- end }}
{{- end -}}

{{/*
Values of a generated Secret: what the cluster already holds stays, what is missing is made. Remembered for this rendering,
so that the Secret and its checksum agree. Takes root, id, secret (a row of the table).
*/}}
{{- define "aishell.generatedSecret" -}}
{{- $memo := get .root.Values "generatedSecrets" | default dict -}}
{{- if not (hasKey $memo .id) -}}
{{- $found := (lookup "v1" "Secret" .root.Release.Namespace .secret.name | default dict).data | default dict -}}
{{- $made := dict -}}
{{- range $key, $kind := .secret.keys -}}
{{- if hasKey $found $key -}}
{{- $_ := set $made $key (get $found $key | b64dec) -}}
{{- else if eq $kind "token" -}}
{{- $_ := set $made $key (printf "ais_%s" (randAlphaNum 43)) -}}
{{- else -}}
{{- $_ := set $made $key (randAlphaNum (ternary 64 40 (eq $kind "key"))) -}}
{{- end -}}
{{- end -}}
{{- $_ := set $memo .id $made -}}
{{- $_ := set .root.Values "generatedSecrets" $memo -}}
{{- end -}}
{{- get $memo .id | toYaml -}}
{{- end -}}

{{/* Certificate of the bundled PostgreSQL: kept where there is one, else made with an authority of its own. */}}
{{- define "aishell.generatedCertificate" -}}
{{- $memo := get .Values "generatedSecrets" | default dict -}}
{{- if not (hasKey $memo "certificate") -}}
{{- $found := (lookup "v1" "Secret" .Release.Namespace (include "aishell.tlsSecretName" .) | default dict).data | default dict -}}
{{- $made := dict -}}
{{- if hasKey $found "tls.crt" -}}
{{- range $key := list "tls.crt" "tls.key" "ca.crt" }}{{ $_ := set $made $key (get $found $key | b64dec) }}{{ end -}}
{{- else -}}
{{- $name := include "aishell.postgresqlName" . -}}
{{- $service := printf "%s.%s.svc" $name .Release.Namespace -}}
{{- $names := list $name (printf "%s.%s" $name .Release.Namespace) $service (printf "%s.%s" $service .Values.global.clusterDomain) "localhost" -}}
{{- $authority := genCA (printf "%s-ca" $name) 3650 -}}
{{- $certificate := genSignedCert $service (list "127.0.0.1") $names 3650 $authority -}}
{{- $made = dict "tls.crt" $certificate.Cert "tls.key" $certificate.Key "ca.crt" $authority.Cert -}}
{{- end -}}
{{- $_ := set $memo "certificate" $made -}}
{{- $_ := set .Values "generatedSecrets" $memo -}}
{{- end -}}
{{- get $memo "certificate" | toYaml -}}
{{- end -}}

{{/* Changes when a Secret that AI-Shell reads changes, where the cluster can be asked. */}}
{{- define "aishell.secretsChecksum" -}}
{{- $seen := dict -}}
{{- range $id, $secret := include "aishell.secretTable" . | fromYaml -}}
{{- if ne $id "admin" -}}
{{- if eq $secret.source "generate" -}}
{{- $_ := set $seen $id (include "aishell.generatedSecret" (dict "root" $ "id" $id "secret" $secret) | fromYaml) -}}
{{- else if not $.Values.gitops -}}
{{- $data := (lookup "v1" "Secret" $.Release.Namespace $secret.name | default dict).data | default dict -}}
{{- $_ := set $seen $id $data -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toJson $seen | sha256sum -}}
{{- end -}}

{{/* Secrets of the table that AI-Shell reads. */}}
{{- define "aishell.readSecrets" -}}
{{- list "app" "database" "redis" "providers" | toJson -}}
{{- end -}}

{{/* Keys of the release's Secrets, as sources of one projected volume. Takes root and the ids of the table. */}}
{{- define "aishell.secretSources" -}}
{{- $ids := .ids -}}
{{- range $id, $secret := include "aishell.secretTable" .root | fromYaml }}
{{- if and (has $id $ids) $secret.keys }}
- secret:
    name: "{{ $secret.name }}"
    items:
      {{- range $key, $kind := $secret.keys }}
      - key: "{{ $key }}"
        path: "{{ $key }}"
      {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* NAME_FILE for each of them. */}}
{{- define "aishell.secretEnv" -}}
{{- $ids := .ids -}}
{{- range $id, $secret := include "aishell.secretTable" .root | fromYaml }}
{{- if has $id $ids }}
{{- range $key, $kind := $secret.keys }}
- name: "{{ $key }}_FILE"
  value: "/app/secrets/{{ $key }}"
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
