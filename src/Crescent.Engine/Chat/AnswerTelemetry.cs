using System.Diagnostics;

namespace Crescent.Engine.Chat;

/// <summary>What is told of one request: its span, ended once, and its part of the metrics.</summary>
internal sealed class AnswerTelemetry(ChatTelemetry telemetry, Activity? span, string operation, TimeProvider time)
{
    private const string CancelledError = "cancelled";

    private readonly long _began = time.GetTimestamp();
    private readonly List<EndUpdate> _ends = [];

    /// <summary>An answer of the request is complete.</summary>
    public void Add(EndUpdate end) => _ends.Add(end);

    /// <summary>The request is complete, or came to nothing.</summary>
    public void End(Exception? failure)
    {
        var error = failure switch
        {
            null => null,
            OperationCanceledException => CancelledError,
            ChatException chat => ErrorOf(chat.Failure),
            _ => failure.GetType().FullName,
        };
        telemetry.Record(operation, time.GetElapsedTime(_began), _ends, error);
        if (span is null)
        {
            return;
        }

        if (_ends.Count > 0)
        {
            telemetry.Describe(span, _ends);
        }

        if (error is not null)
        {
            span.SetTag("error.type", error);
            span.SetStatus(ActivityStatusCode.Error);
        }

        var current = Activity.Current;
        span.Dispose();
        Activity.Current = current; // the thread is the engine's: it is in no request
    }

    private static string ErrorOf(ChatFailure failure) => failure switch
    {
        ChatFailure.QueueFull => "queue_full",
        ChatFailure.QueueTimeout => "queue_timeout",
        ChatFailure.ContextLength => "context_length_exceeded",
        ChatFailure.Stopping => "shutting_down",
        _ => "generation_failed",
    };
}
