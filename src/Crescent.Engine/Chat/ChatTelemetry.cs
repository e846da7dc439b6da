using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Crescent.Engine.Chat;

/// <summary>
/// Spans and metrics of an engine by OpenTelemetry's conventions for generative AI, for whoever listens to <see cref="Name"/>. They hold numbers and names, never what
/// prompts or answers say.
/// </summary>
public sealed class ChatTelemetry
{
    /// <summary>Name of the activity source and of the meter.</summary>
    public const string Name = "Crescent.Chat";

    internal const string Provider = "crescent";

    private static readonly string? s_version = typeof(ChatTelemetry).Assembly.GetName().Version?.ToString(3);
    private static readonly ActivitySource s_source = new(Name, s_version);
    private static readonly Meter s_meter = new(Name, s_version);

    // Buckets are the conventions'.
    private static readonly Histogram<long> s_tokens = s_meter.CreateHistogram(
        "gen_ai.client.token.usage", "{token}", "Number of input and output tokens used.", null, new InstrumentAdvice<long> { HistogramBucketBoundaries = [1, 4, 16, 64, 256, 1024, 4096, 16384, 65536, 262144, 1048576, 4194304, 16777216, 67108864] });

    private static readonly Histogram<double> s_duration = Seconds(
        "gen_ai.server.request.duration", "Generative AI server request duration.", [0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92]);

    private static readonly Histogram<double> s_firstToken = Seconds(
        "gen_ai.server.time_to_first_token", "Time to generate first token for successful responses.", [0.001, 0.005, 0.01, 0.02, 0.04, 0.06, 0.08, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10]);

    private static readonly Histogram<double> s_eachToken = Seconds(
        "gen_ai.server.time_per_output_token", "Time per output token generated after the first token for successful responses.", [0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1, 2.5]);

    private readonly string _model;

    internal ChatTelemetry(string model) => _model = model;

    /// <summary>Begins the span of a request, a child of what the caller is in.</summary>
    internal AnswerTelemetry Begin(ChatRequest request, TimeProvider time)
    {
        var operation = request.EmbedPrompt ? "embeddings" : request.Conversation is null ? "text_completion" : "chat";
        var current = Activity.Current;
        var span = s_source.StartActivity($"{operation} {_model}", ActivityKind.Internal);
        Activity.Current = current; // the span belongs to the answer, not to what its caller does meanwhile
        if (span is { IsAllDataRequested: true })
        {
            Describe(span, request, operation);
        }

        return new AnswerTelemetry(this, span, operation, time);
    }

    internal void Record(string operation, TimeSpan duration, IReadOnlyList<EndUpdate> ends, string? error)
    {
        var tags = new TagList { { "gen_ai.operation.name", operation }, { "gen_ai.provider.name", Provider }, { "gen_ai.request.model", _model }, { "gen_ai.response.model", _model } };
        if (ends.Count > 0)
        {
            RecordTokens(tags, "input", ends[0].Usage.Prompt);
            RecordTokens(tags, "output", ends.Sum(end => end.Usage.Completion));
        }

        foreach (var end in error is null ? ends.Where(end => end.Usage.Completion > 0) : [])
        {
            s_firstToken.Record((end.Timings.Queue + end.Timings.Prompt).TotalSeconds, tags);
            if (end.Usage.Completion > 1)
            {
                s_eachToken.Record(end.Timings.Answer.TotalSeconds / (end.Usage.Completion - 1), tags);
            }
        }

        if (error is not null)
        {
            tags.Add("error.type", error);
        }

        s_duration.Record(duration.TotalSeconds, tags);
    }

    private static Histogram<double> Seconds(string name, string description, double[] bounds) =>
        s_meter.CreateHistogram(name, "s", description, null, new InstrumentAdvice<double> { HistogramBucketBoundaries = bounds });

    private static void RecordTokens(TagList tags, string type, int count)
    {
        tags.Add("gen_ai.token.type", type);
        s_tokens.Record(count, tags);
    }

    private void Describe(Activity span, ChatRequest request, string operation)
    {
        span.SetTag("gen_ai.operation.name", operation);
        span.SetTag("gen_ai.provider.name", Provider);
        span.SetTag("gen_ai.request.model", _model);
        if (request.EmbedPrompt)
        {
            return;
        }

        var sampling = request.Sampling;
        span.SetTag("gen_ai.request.temperature", (double)sampling.Temperature);
        span.SetTag("gen_ai.request.top_p", (double)sampling.TopP);
        span.SetTag("gen_ai.request.top_k", sampling.TopK > 0 ? (double)sampling.TopK : null);
        span.SetTag("gen_ai.request.frequency_penalty", (double)sampling.FrequencyPenalty);
        span.SetTag("gen_ai.request.presence_penalty", (double)sampling.PresencePenalty);
        span.SetTag("gen_ai.request.max_tokens", request.MaxTokens < int.MaxValue ? request.MaxTokens : null);
        span.SetTag("gen_ai.request.seed", sampling.Seed is { } seed ? unchecked((long)seed) : null);
        span.SetTag("gen_ai.request.choice.count", request.Choices > 1 ? request.Choices : null);
    }

    internal void Describe(Activity span, IReadOnlyList<EndUpdate> ends)
    {
        span.SetTag("gen_ai.response.model", _model);
        span.SetTag("gen_ai.response.finish_reasons", ends.Select(end => NameOf(end.Reason)).ToArray());
        span.SetTag("gen_ai.usage.input_tokens", ends[0].Usage.Prompt);
        span.SetTag("gen_ai.usage.output_tokens", ends.Sum(end => end.Usage.Completion));
        span.SetTag("gen_ai.usage.cache_read.input_tokens", ends[0].Usage.Cached);
    }

    private static string NameOf(AnswerEnd reason) => reason switch
    {
        AnswerEnd.Length => "length",
        AnswerEnd.ToolCalls => "tool_calls",
        _ => "stop",
    };
}
