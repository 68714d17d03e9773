{{/* Names are asked of the cluster's DNS and of nobody else. */}}
{{- define "aishell.dnsEgress" -}}
- to:
    - namespaceSelector:
        matchLabels:
          {{- toYaml .Values.networkPolicy.egress.dns.namespaceLabels | nindent 10 }}
      podSelector:
        matchLabels:
          {{- toYaml .Values.networkPolicy.egress.dns.podLabels | nindent 10 }}
  ports:
    - protocol: UDP
      port: 53
    - protocol: TCP
      port: 53
{{- end -}}

{{- define "aishell.postgresqlPeer" -}}
- podSelector:
    matchLabels:
      {{- if include "aishell.hasCnpg" . }}
      cnpg.io/cluster: "{{ include "aishell.postgresqlName" . }}"
      {{- else }}
      app.kubernetes.io/name: postgresql
      app.kubernetes.io/instance: "{{ .Release.Name }}"
      app.kubernetes.io/component: database
      {{- end }}
{{- end -}}

{{/* Everywhere but the blocked addresses, one rule for each family. */}}
{{- define "aishell.openPeers" -}}
{{- $v4 := list }}{{ $v6 := list }}
{{- range .Values.networkPolicy.egress.blocked }}
{{- if contains ":" . }}{{ $v6 = append $v6 . }}{{ else }}{{ $v4 = append $v4 . }}{{ end }}
{{- end }}
- ipBlock:
    cidr: 0.0.0.0/0
    {{- with $v4 }}
    except:
      {{- toYaml . | nindent 6 }}
    {{- end }}
- ipBlock:
    cidr: ::/0
    {{- with $v6 }}
    except:
      {{- toYaml . | nindent 6 }}
    {{- end }}
{{- end -}}

{{/* One rule of the lists under networkPolicy.egress. */}}
{{- define "aishell.listedRule" -}}
- to:
    {{- toYaml .to | nindent 4 }}
  ports:
    {{- range .ports }}
    - protocol: TCP
      port: {{ int . }}
    {{- end }}
{{- end -}}
