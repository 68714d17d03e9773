{{/* Pod of a backup, a restore or the first look at the claim. Takes root and script. */}}
{{- define "aishell-postgresql.backupPod" -}}
{{- $ := .root -}}
{{- $name := include "aishell-postgresql.fullname" .root -}}
metadata:
  labels:
    app.kubernetes.io/name: postgresql-backup
    app.kubernetes.io/instance: "{{ $.Release.Name }}"
    app.kubernetes.io/component: backup
spec:
  {{- include "aishell-postgresql.pullSecrets" .root | nindent 2 }}
  restartPolicy: Never
  automountServiceAccountToken: false
  enableServiceLinks: false
  securityContext:
    {{- toYaml $.Values.primary.podSecurityContext | nindent 4 }}
  containers:
    - name: "{{ .script }}"
      image: "{{ include "aishell-postgresql.image" .root }}"
      imagePullPolicy: "{{ $.Values.image.pullPolicy }}"
      securityContext:
        {{- toYaml $.Values.primary.securityContext | nindent 8 }}
      command: [sh, /scripts/{{ .script }}.sh]
      env:
        - name: PGHOST
          value: "{{ $name }}"
        - name: PGDATABASE
          value: {{ $.Values.auth.database | quote }}
        - name: PGUSER
          value: aishell_backup
        - name: PGSSLMODE
          value: "{{ ternary "verify-full" "prefer" $.Values.tls.enabled }}"
        {{- if $.Values.tls.enabled }}
        - name: PGSSLROOTCERT
          value: /run/secrets/tls/ca.crt
        {{- end }}
        - name: AISHELL_OWNER
          value: {{ $.Values.auth.username | quote }}
        - name: BACKUP_KEEP
          value: {{ int $.Values.backup.keep | quote }}
      resources:
        {{- toYaml $.Values.backup.resources | nindent 8 }}
      volumeMounts:
        - name: backup
          mountPath: /backup
        - name: scripts
          mountPath: /scripts
          readOnly: true
        - name: admin
          mountPath: /run/secrets/admin
          readOnly: true
        {{- if $.Values.tls.enabled }}
        - name: tls
          mountPath: /run/secrets/tls
          readOnly: true
        {{- end }}
        - name: tmp
          mountPath: /tmp
  volumes:
    - name: backup
      persistentVolumeClaim:
        claimName: "{{ include "aishell-postgresql.backupClaim" .root }}"
    - name: scripts
      configMap:
        name: "{{ $name }}-scripts"
    - name: admin
      secret:
        secretName: "{{ include "aishell-postgresql.adminSecret" .root }}"
        defaultMode: 0440
        {{- if ne .script "restore" }}
        items:
          - key: BACKUP_PASSWORD
            path: BACKUP_PASSWORD
        {{- end }}
    {{- if $.Values.tls.enabled }}
    - name: tls
      secret:
        secretName: "{{ $.Values.tls.name | default (printf "%s-tls" $name) }}"
        defaultMode: 0440
        items:
          - key: ca.crt
            path: ca.crt
    {{- end }}
    - name: tmp
      emptyDir:
        sizeLimit: 256Mi
  {{- include "aishell-postgresql.scheduling" .root | nindent 2 }}
{{- end -}}
