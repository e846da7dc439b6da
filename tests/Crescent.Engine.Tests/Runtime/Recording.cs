using System.Text;
using Crescent.Engine.Runtime;
using Crescent.Engine.Runtime.Sampling;
using Crescent.Tests.Models;
using Xunit;

namespace Crescent.Tests.Runtime;

/// <summary>What a generator did for one sequence: the logits that each of its tokens was chosen from, and the text as it came.</summary>
internal sealed class Recording
{
    private const int MostSteps = 20_000;

    private Recording(Sequence sequence) => Sequence = sequence;

    public Sequence Sequence { get; }

    /// <summary>One row of logits a sampled token.</summary>
    public List<float[]> Logits { get; } = [];

    public StringBuilder Text { get; } = new();

    public static GenerationRequest Greedy(IReadOnlyList<int> prompt, int maxTokens = 8) =>
        new() { Prompt = prompt, MaxTokens = maxTokens, Sampling = new SamplingOptions { Temperature = 0 } };

    /// <summary>Adds all requests, then steps until nothing is left.</summary>
    public static Recording[] Run(LoadedModel model, Generator generator, params GenerationRequest[] requests)
    {
        var recordings = Array.ConvertAll(requests, request => new Recording(generator.Add(request)));
        for (var step = 0; generator.Step(); step++)
        {
            Assert.True(step < MostSteps, $"expected the sequences to end within {MostSteps} steps");
            var batch = model.Model.Batch;
            for (var i = 0; generator.LastStepTokens > 0 && i < batch.LogitRows.Length; i++)
            {
                var pages = batch.Spans[batch.SpanOfRow[batch.LogitRows[i]]].Pages;
                recordings.Single(recording => ReferenceEquals(recording.Sequence.Pages.Table, pages)).Logits.Add(model.Model.LogitsOf(i).ToArray());
            }

            foreach (var recording in recordings)
            {
                recording.Text.Append(recording.Sequence.TakeText());
            }
        }

        foreach (var recording in recordings)
        {
            recording.Text.Append(recording.Sequence.TakeText());
        }

        generator.Pages.CheckIntegrity();
        return recordings;
    }

    public static Recording RunAlone(LoadedModel model, GenerationRequest request, int context = 128)
    {
        using var generator = model.Generator(context);
        return Run(model, generator, request)[0];
    }

    /// <summary>The same tokens from the same logits, bit for bit.</summary>
    public static void AssertSame(Recording expected, Recording actual)
    {
        Assert.Equal(expected.Sequence.Tokens.ToArray(), actual.Sequence.Tokens.ToArray());
        Assert.Equal(expected.Sequence.FinishReason, actual.Sequence.FinishReason);
        Assert.Equal(expected.Logits.Count, actual.Logits.Count);
        for (var i = 0; i < expected.Logits.Count; i++)
        {
            Models.Logits.AssertSameBits(expected.Logits[i], actual.Logits[i], $"token {i}");
        }
    }
}
