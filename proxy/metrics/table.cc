#include "proxy/metrics/table.h"

#include <prometheus/text_serializer.h>

#include <sstream>

#include "proxy/metrics/guest_samples.h"
#include "proxy/metrics/host_samples.h"

namespace gatehouse::metrics {
namespace {

using enum Kind;
using enum runtime::Count;

// name, kind, labels, help, fill
constexpr Metric kMetrics[] = {
    {"gatehouse_build_info", gauge, "version", "Always 1; the version is a label.", &build_info},
    {"process_start_time_seconds", gauge, "", "When the daemon was started, in seconds since 1970.", &start_time},
    {"process_cpu_seconds_total", counter, "", "CPU time that the daemon used, user and system.", &cpu_seconds},
    {"process_resident_memory_bytes", gauge, "", "Memory of the daemon that is resident.", &resident_memory},
    {"gatehouse_config_last_load_successful", gauge, "",
     "1: the last load of the configuration was good; 0: it was not.", &load_good},
    {"gatehouse_config_last_load_success_timestamp_seconds", gauge, "",
     "When the configuration in force was loaded, in seconds since 1970.", &load_time},
    {"gatehouse_guests", gauge, "", "Guests that are configured.", &guests},
    {"gatehouse_listener_up", gauge, "listener", "1: connections are taken; 0: the listener is retried.", &listener_up},
    {"gatehouse_backend_up", gauge, "backend",
     "1: the last connection was made; 0: it was refused. None: not tried yet.", &backend_up},
    {"gatehouse_thread_idle_seconds", gauge, "thread",
     "Since when the event loop was not seen to turn; each turns once a second.", &thread_idle},
    {"gatehouse_strangers_total", counter, "", "Connections closed because no guest entry names the peer.", &strangers},
    {"gatehouse_audit_events_total", counter, "result", "Events of the audit log, by what became of them.",
     &audit_events},
    {"gatehouse_audit_queue", gauge, "", "Events of the audit log that wait to be written.", &audit_queue},
    {"gatehouse_audit_working", gauge, "", "1: the last write to the audit log was good, or it is off; 0: it was not.",
     &audit_working},
    {"gatehouse_log_lines_dropped_total", counter, "", "Lines of the log that were dropped because nobody took them.",
     &log_dropped},
    {"gatehouse_accept_queue", gauge, "", "Kerberos tokens that wait for a thread that accepts them.", &accept_queue},
    {"gatehouse_gateway_latency_seconds", histogram, "backend",
     "Time that forwarded calls spent in the gateway, call and reply together.", &gateway_latency},
    {"gatehouse_backend_latency_seconds", histogram, "backend",
     "Time from a call's being forwarded until its reply was there.", &backend_latency},

    {"gatehouse_calls_total", counter, "guest,flavor,program,decision",
     "Calls: forwarded, answered by the gateway, or refused.", &calls_by},
    {"gatehouse_decisions_total", counter, "guest,rule", "Decisions of policy, by the rule that made them.",
     &decisions},
    {"gatehouse_refusals_total", counter, "guest,by,reason",
     "What was refused: calls by a rule or by their RPCSEC_GSS header, connections for what they sent.", &refusals},
    {"gatehouse_rejections_total", counter, "guest", "Replies made by the gateway that say no.", &count<rejections>},
    {"gatehouse_replies_total", counter, "guest", "Replies of backends that were passed on.", &count<replies>},
    {"gatehouse_replies_unmatched_total", counter, "guest", "Replies of backends to no outstanding call, dropped.",
     &count<replies_unmatched>},
    {"gatehouse_callbacks_total", counter, "guest", "Calls of backends that were passed on.", &count<callbacks>},
    {"gatehouse_backend_auth_errors_total", counter, "guest",
     "Calls whose credential, the gateway's own, a backend refused.", &count<backend_auth_errors>},
    {"gatehouse_received_bytes_total", counter, "guest", "Bytes from the guest.", &count<bytes_in>},
    {"gatehouse_sent_bytes_total", counter, "guest", "Bytes to the guest.", &count<bytes_out>},
    {"gatehouse_connections", gauge, "guest", "Connections that are open.", &connections_open},
    {"gatehouse_connections_accepted_total", counter, "guest", "Connections that were taken.", &count<connections>},
    {"gatehouse_connections_shed_total", counter, "guest",
     "Connections closed at once: limits.connections, or the guest is drained.", &count<connections_shed>},
    {"gatehouse_connections_closed_total", counter, "guest,reason", "Connections that ended, and why.", &closes},
    {"gatehouse_calls_in_flight", gauge, "guest", "Calls without a reply.", &calls_in_flight},
    {"gatehouse_buffered_bytes", gauge, "guest", "Bytes held for slow readers and for records of several fragments.",
     &buffered_bytes},
    {"gatehouse_waits_total", counter, "guest,limit", "Times that a connection had to wait for a limit of its guest.",
     &waits},
    {"gatehouse_contexts", gauge, "guest", "Kerberos contexts that are held.", &contexts},
    {"gatehouse_inits_total", counter, "guest,result", "Kerberos contexts that were asked for and answered.", &inits},
    {"gatehouse_inits_pending", gauge, "guest", "Kerberos contexts that are being accepted.", &inits_pending},
    {"gatehouse_contexts_ended_total", counter, "guest,reason", "Kerberos contexts that ended.", &contexts_ended},
    {"gatehouse_gss_headers_total", counter, "guest,finding", "RPCSEC_GSS headers, by what they turned out to be.",
     &gss_headers},
    {"gatehouse_garbage_args_total", counter, "guest", "RPCSEC_GSS arguments that could not be opened.",
     &count<garbage_args>},
    {"gatehouse_gss_request_bytes", gauge, "guest", "Bytes of krb5i and krb5p calls that are being received.",
     &gss_request_bytes},
    {"gatehouse_gss_reply_bytes", gauge, "guest", "Bytes of replies to such calls that are being received.",
     &gss_reply_bytes},
    {"gatehouse_nfs_answered_total", counter, "guest", "NFS calls that the gateway answered itself.",
     &count<nfs_answered>},
    {"gatehouse_nfs_unknown_state_total", counter, "guest",
     "Replies that say a session, client or state id is unknown: another guest's, or forgotten.",
     &count<unknown_state>},
    {"gatehouse_nfs_foreign_handles_total", counter, "guest",
     "NFS calls with a file handle that the guest was not given.", &count<foreign_handles>},
    {"gatehouse_log_lines_suppressed_total", counter, "guest", "Log lines left out under limits.log_lines.",
     &count<log_lines_suppressed>},
};

}  // namespace

std::span<const Metric> metrics() {
  return kMetrics;
}

std::string exposition(const Sources& sources) {
  const Moment from(sources);
  std::ostringstream out;
  const prometheus::TextSerializer serializer;
  for (const Metric& m : kMetrics) {
    Samples samples(m.name, m.kind, m.labels, m.help);
    m.fill(from, samples);
    serializer.Serialize(out, {samples.family()});
  }
  return std::move(out).str();
}

}  // namespace gatehouse::metrics
