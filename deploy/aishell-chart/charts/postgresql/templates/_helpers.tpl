{{/* The same line as in the parent's _helpers.tpl. */}}
{{- define "aishell-postgresql.fullname" -}}
{{- .Values.fullnameOverride | default (printf "%s-postgresql" .Release.Name) | trunc 44 | trimSuffix "-" -}}
{{- end -}}

{{- define "aishell-postgresql.selectorLabels" -}}
app.kubernetes.io/name: postgresql
app.kubernetes.io/instance: "{{ .Release.Name }}"
{{- end -}}

{{- define "aishell-postgresql.labels" -}}
{{ include "aishell-postgresql.selectorLabels" . }}
app.kubernetes.io/version: {{ .Values.major | quote }}
app.kubernetes.io/part-of: aishell
app.kubernetes.io/managed-by: "{{ .Release.Service }}"
helm.sh/chart: "{{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}"
{{- end -}}

{{- define "aishell-postgresql.image" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
{{- $repository := ternary .Values.image.repository (printf "%s/%s" $registry .Values.image.repository) (empty $registry) -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository .Values.image.tag -}}
{{- end -}}
{{- end -}}

{{- define "aishell-postgresql.ownerSecret" -}}
{{- .Values.auth.secret.name | default (printf "%s-owner" (include "aishell-postgresql.fullname" .)) -}}
{{- end -}}

{{- define "aishell-postgresql.adminSecret" -}}
{{- .Values.auth.adminSecret.name | default (printf "%s-admin" (include "aishell-postgresql.fullname" .)) -}}
{{- end -}}

{{- define "aishell-postgresql.backupClaim" -}}
{{- .Values.backup.existingClaim | default (printf "%s-backup" (include "aishell-postgresql.fullname" .)) -}}
{{- end -}}

{{- define "aishell-postgresql.pullSecrets" -}}
{{- with .Values.global.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "aishell-postgresql.scheduling" -}}
{{- with .Values.primary.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.primary.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.primary.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.primary.priorityClassName }}
priorityClassName: "{{ . }}"
{{- end }}
{{- end -}}
