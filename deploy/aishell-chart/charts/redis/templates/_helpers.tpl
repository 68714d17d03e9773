{{/* The same line as in the parent's _helpers.tpl. */}}
{{- define "aishell-redis.fullname" -}}
{{- .Values.fullnameOverride | default (printf "%s-redis" .Release.Name) | trunc 43 | trimSuffix "-" -}}
{{- end -}}

{{- define "aishell-redis.isBundled" -}}
{{- if ne .Values.mode "external" }}true{{ end -}}
{{- end -}}

{{- define "aishell-redis.selectorLabels" -}}
app.kubernetes.io/name: redis
app.kubernetes.io/instance: "{{ .Release.Name }}"
{{- end -}}

{{- define "aishell-redis.labels" -}}
{{ include "aishell-redis.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: aishell
app.kubernetes.io/managed-by: "{{ .Release.Service }}"
helm.sh/chart: "{{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}"
{{- end -}}

{{- define "aishell-redis.image" -}}
{{- $registry := .Values.global.imageRegistry | default .Values.image.registry -}}
{{- $repository := ternary .Values.image.repository (printf "%s/%s" $registry .Values.image.repository) (empty $registry) -}}
{{- if .Values.image.digest -}}
{{- printf "%s@%s" $repository .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository .Values.image.tag -}}
{{- end -}}
{{- end -}}

{{- define "aishell-redis.secret" -}}
{{- .Values.auth.secret.name | default (include "aishell-redis.fullname" .) -}}
{{- end -}}

{{/* Host of every Sentinel, one a line. */}}
{{- define "aishell-redis.sentinels" -}}
{{- $name := include "aishell-redis.fullname" . -}}
{{- range $index := until 3 }}
{{ printf "%s-sentinel-%d.%s.svc.%s" $name $index $.Release.Namespace $.Values.global.clusterDomain }}
{{- end -}}
{{- end -}}

{{/*
A Service for each pod of a StatefulSet: its name is found while the pod is away. A Sentinel asks for the name of a lost pod without
end and stands still meanwhile; where nobody knows that name it gives up acting for 30 s. Takes root, set, component, port, count.
*/}}
{{- define "aishell-redis.podServices" -}}
{{- range $index := until (int .count) }}
---
apiVersion: v1
kind: Service
metadata:
  name: "{{ $.set }}-{{ $index }}"
  namespace: "{{ $.root.Release.Namespace }}"
  labels:
    {{- include "aishell-redis.labels" $.root | nindent 4 }}
    app.kubernetes.io/component: "{{ $.component }}"
spec:
  type: ClusterIP
  # They look for one another before they are ready.
  publishNotReadyAddresses: true
  selector:
    {{- include "aishell-redis.selectorLabels" $.root | nindent 4 }}
    app.kubernetes.io/component: "{{ $.component }}"
    statefulset.kubernetes.io/pod-name: "{{ $.set }}-{{ $index }}"
  ports:
    - name: "{{ $.portName }}"
      port: {{ $.port }}
      targetPort: "{{ $.portName }}"
      protocol: TCP
{{- end }}
{{- end -}}

{{/* What both kinds of pod say to the scheduler. Takes root and component. */}}
{{- define "aishell-redis.scheduling" -}}
{{- with .root.Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .root.Values.priorityClassName }}
priorityClassName: "{{ . }}"
{{- end }}
affinity:
  {{- with .root.Values.affinity }}
  {{- toYaml . | nindent 2 }}
  {{- else }}
  podAntiAffinity:
    preferredDuringSchedulingIgnoredDuringExecution:
      - weight: 100
        podAffinityTerm:
          topologyKey: kubernetes.io/hostname
          labelSelector:
            matchLabels:
              {{- include "aishell-redis.selectorLabels" .root | nindent 14 }}
              app.kubernetes.io/component: "{{ .component }}"
  {{- end }}
{{- end -}}
