{{/* `aishell migrate`, with the store's settings and two Secrets and nothing else: a hook runs before the rest is there. */}}
{{- define "aishell.migratePod" -}}
metadata:
  labels:
    {{- include "aishell.selectorLabels" . | nindent 4 }}
    app.kubernetes.io/component: migrate
spec:
  {{- include "aishell.pullSecrets" . | nindent 2 }}
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    {{- toYaml .Values.podSecurityContext | nindent 4 }}
  containers:
    - name: migrate
      image: "{{ include "aishell.image" . }}"
      imagePullPolicy: "{{ .Values.image.pullPolicy }}"
      securityContext:
        {{- toYaml .Values.securityContext | nindent 8 }}
      args: [migrate]
      env:
        {{- range $name, $value := include "aishell.environment" . | fromYaml }}
        {{- if or (hasPrefix "DB_" $name) (has $name (list "APP_ENV" "LOG_LEVEL" "DATA_DIR" "CONFIG_DIR" "MIGRATIONS")) }}
        - name: "{{ $name }}"
          value: {{ $value | quote }}
        {{- end }}
        {{- end }}
        {{- include "aishell.secretEnv" (dict "root" . "ids" (list "app" "database")) | nindent 8 }}
        {{- if include "aishell.storeCa" . }}
        - name: NODE_EXTRA_CA_CERTS
          value: /app/certs/store-ca.crt
        {{- end }}
        {{- with .Values.extraEnv }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
      resources:
        {{- toYaml .Values.resources | nindent 8 }}
      volumeMounts:
        - name: data
          mountPath: /app/data
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
  volumes:
    {{- include "aishell.dataVolume" (dict "root" . "scratch" true) | nindent 4 }}
    - name: secrets
      projected:
        defaultMode: 0440
        sources:
          {{- include "aishell.secretSources" (dict "root" . "ids" (list "app" "database")) | nindent 10 }}
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
  {{- include "aishell.scheduling" . | nindent 2 }}
{{- end -}}
