{{/* What every container of AI-Shell has: settings, keys as files, folders, no privilege. */}}
{{- define "aishell.containerBase" -}}
image: "{{ include "aishell.image" . }}"
imagePullPolicy: "{{ .Values.image.pullPolicy }}"
securityContext:
  {{- toYaml .Values.securityContext | nindent 2 }}
envFrom:
  - configMapRef:
      name: "{{ include "aishell.fullname" . }}-config"
env:
  {{- include "aishell.secretEnv" (dict "root" . "ids" (include "aishell.readSecrets" . | fromJsonArray)) | nindent 2 }}
  {{- if include "aishell.storeCa" . }}
  - name: NODE_EXTRA_CA_CERTS
    value: /app/certs/store-ca.crt
  {{- end }}
  {{- with .Values.extraEnv }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}

{{- define "aishell.volumeMounts" -}}
- name: data
  mountPath: /app/data
- name: config
  mountPath: /app/config
  readOnly: true
- name: secrets
  mountPath: /app/secrets
  readOnly: true
- name: tmp
  mountPath: /tmp
{{- if include "aishell.storeCa" . }}
- name: certs
  mountPath: /app/certs
  readOnly: true
{{- end }}
{{- range .Values.declare.passwordSecrets }}
- name: "{{ printf "password-%s" . | trunc 63 | trimSuffix "-" }}"
  mountPath: "/app/connections/{{ . }}"
  readOnly: true
{{- end }}
{{- if .Values.discovery.enabled }}
- name: api-token
  mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "aishell.volumes" -}}
- name: config
  configMap:
    name: "{{ include "aishell.fullname" . }}-files"
- name: secrets
  projected:
    defaultMode: 0440
    sources:
      {{- include "aishell.secretSources" (dict "root" . "ids" (include "aishell.readSecrets" . | fromJsonArray)) | nindent 6 }}
- name: tmp
  emptyDir:
    sizeLimit: "{{ .Values.scratch.sizeLimit }}"
{{- with include "aishell.storeCa" . | fromYaml }}
{{- if .name }}
- name: certs
  secret:
    secretName: "{{ .name }}"
    defaultMode: 0440
    items:
      - key: "{{ .key }}"
        path: store-ca.crt
{{- end }}
{{- end }}
{{- range .Values.declare.passwordSecrets }}
- name: "{{ printf "password-%s" . | trunc 63 | trimSuffix "-" }}"
  secret:
    secretName: "{{ . }}"
    defaultMode: 0440
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* DATA_DIR: a claim where there is one, else room that ends with the pod. Takes root and scratch (true: never the claim). */}}
{{- define "aishell.dataVolume" -}}
- name: data
  {{- if and .root.Values.persistence.enabled (not .scratch) }}
  persistentVolumeClaim:
    claimName: "{{ .root.Values.persistence.existingClaim | default (printf "%s-data" (include "aishell.fullname" .root)) }}"
  {{- else }}
  emptyDir:
    sizeLimit: "{{ .root.Values.scratch.sizeLimit }}"
  {{- end }}
{{- end -}}
