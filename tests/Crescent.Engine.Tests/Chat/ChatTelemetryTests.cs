using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Crescent.Engine.Chat;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Chat;

public sealed class ChatTelemetryTests : IDisposable
{
    private readonly string _model = $"model-{Guid.NewGuid():N}"; // tells this test's spans from those of tests beside it
    private readonly ConcurrentQueue<Activity> _spans = new();
    private readonly ConcurrentQueue<(string Name, double Value, Dictionary<string, object?> Tags)> _measured = new();
    private readonly ActivityListener _listener;
    private readonly MeterListener _meters = new();

    public ChatTelemetryTests()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == ChatTelemetry.Name,
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = span =>
            {
                if (span.DisplayName.EndsWith(_model, StringComparison.Ordinal))
                {
                    _spans.Enqueue(span);
                }
            },
        };
        ActivitySource.AddActivityListener(_listener);
        _meters.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Name == ChatTelemetry.Name)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _meters.SetMeasurementEventCallback<double>((instrument, value, tags, _) => Add(instrument, value, tags));
        _meters.SetMeasurementEventCallback<long>((instrument, value, tags, _) => Add(instrument, value, tags));
        _meters.Start();
    }

    public void Dispose()
    {
        _listener.Dispose();
        _meters.Dispose();
    }

    [Fact]
    public async Task An_answer_has_a_span_under_its_callers_and_four_metrics()
    {
        using var scene = Open();
        using var caller = new Activity("caller").Start();
        var request = ChatScene.Greedy(TestModels.TokensOf("g-llama")[..20], 6) with { Choices = 2, Sampling = new SamplingOptions { Temperature = 0.5f, TopK = 30, Seed = 9 } };
        var answers = await scene.AskAsync(request);
        Assert.Same(caller, Activity.Current);
        var span = Assert.Single(_spans);
        Assert.Equal($"text_completion {_model}", span.DisplayName);
        Assert.Equal(caller.SpanId, span.ParentSpanId);
        Assert.Equal(ActivityStatusCode.Unset, span.Status);
        Assert.Equal("text_completion", span.GetTagItem("gen_ai.operation.name"));
        Assert.Equal("crescent", span.GetTagItem("gen_ai.provider.name"));
        Assert.Equal(_model, span.GetTagItem("gen_ai.request.model"));
        Assert.Equal(6, span.GetTagItem("gen_ai.request.max_tokens"));
        Assert.Equal(9L, span.GetTagItem("gen_ai.request.seed"));
        Assert.Equal(0.5, span.GetTagItem("gen_ai.request.temperature"));
        Assert.Equal(30.0, span.GetTagItem("gen_ai.request.top_k"));
        Assert.Equal(2, span.GetTagItem("gen_ai.request.choice.count"));
        Assert.Equal(20, span.GetTagItem("gen_ai.usage.input_tokens"));
        var generated = answers.Sum(answer => answer.Ids.Count);
        Assert.Equal(generated, span.GetTagItem("gen_ai.usage.output_tokens"));
        Assert.Equal(2, Assert.IsType<string[]>(span.GetTagItem("gen_ai.response.finish_reasons")).Length);
        Assert.Equal(20, Assert.Single(Of("gen_ai.client.token.usage"), one => (string?)one.Tags["gen_ai.token.type"] == "input").Value);
        Assert.Equal(generated, Assert.Single(Of("gen_ai.client.token.usage"), one => (string?)one.Tags["gen_ai.token.type"] == "output").Value);
        Assert.Equal(2, Of("gen_ai.server.time_to_first_token").Count);
        Assert.Equal(2, Of("gen_ai.server.time_per_output_token").Count);
        Assert.True(Assert.Single(Of("gen_ai.server.request.duration")).Value >= Of("gen_ai.server.time_to_first_token").Min(one => one.Value));
    }

    [Fact]
    public async Task Refused_and_cancelled_requests_are_errors_once()
    {
        using var scene = Open();
        Assert.Throws<ChatException>(() => scene.Engine.Submit(ChatScene.Greedy(new int[1_000_000]), TestContext.Current.CancellationToken));
        Assert.Equal("context_length_exceeded", Assert.Single(_spans).GetTagItem("error.type"));
        _spans.Clear();
        var request = ChatScene.Greedy(TestModels.TokensOf("g-llama")[..8], 100_000) with { IgnoreStopTokens = true };
        using var answer = scene.Engine.Submit(request, TestContext.Current.CancellationToken);
        answer.Cancel();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await ChatScene.CollectAsync(answer, request));
        var span = Assert.Single(_spans);
        Assert.Equal("cancelled", span.GetTagItem("error.type"));
        Assert.Equal(ActivityStatusCode.Error, span.Status);
        Assert.Equal(["context_length_exceeded", "cancelled"], Of("gen_ai.server.request.duration").Select(one => (string?)one.Tags["error.type"]));
        Assert.Empty(Of("gen_ai.server.time_to_first_token"));
    }

    private ChatScene Open() => new("g-llama", options => options with { ModelName = _model, Context = 1_000_000 });

    private List<(double Value, Dictionary<string, object?> Tags)> Of(string name) => [.. _measured.Where(one => one.Name == name).Select(one => (one.Value, one.Tags))];

    private void Add(Instrument instrument, double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var known = tags.ToArray().ToDictionary(tag => tag.Key, tag => tag.Value);
        if ((string?)known["gen_ai.request.model"] == _model)
        {
            _measured.Enqueue((instrument.Name, value, known));
        }
    }
}
