using Crescent.Text.Templates;
using Crescent.Text.Tokenizers;
using Crescent.Training.Data.ToolTasks;

namespace Crescent.Training.Data;

/// <summary>The sources of a run as tokens: what is trained on, and what is held out.</summary>
public sealed record DataSet(IReadOnlyList<(SourceOptions Source, TokenStore Trained, TokenStore HeldOut)> Sources)
{
    private const int MadeExamples = 20_000;

    private static readonly Dictionary<string, Func<int, ulong, IEnumerable<Example>>> s_makers = new(StringComparer.Ordinal)
    {
        ["synthetic"] = SyntheticTasks.Make,
        ["tool-tasks"] = ToolTaskMaker.Make,
    };

    /// <summary>Whether a source is made up, not read.</summary>
    public static bool IsMade(string source) => s_makers.ContainsKey(source);

    /// <summary>Reads, deduplicates and encodes. Held-out examples come first, of all sources, so that none of them is trained on under another key.</summary>
    /// <param name="longest">Most tokens of a piece of a document.</param>
    /// <param name="report">Is told of each source.</param>
    public static DataSet Read(string folder, IReadOnlyList<SourceOptions> sources, Tokenizer tokenizer, ChatTemplate template, int longest, ulong seed, Action<string>? report = null)
    {
        ArgumentNullException.ThrowIfNull(sources);
        var encoder = new ExampleEncoder(tokenizer, template);
        var deduplication = new Deduplication();
        var examples = sources.Select(source => Examples(source, folder, seed).ToArray()).ToArray();
        TokenStore[] heldOut = [.. examples.Select(all => Encode(deduplication.Filter(all.Where(example => example.IsHeldOut)), encoder, longest))];
        TokenStore[] trained = [.. examples.Select(all => Encode(deduplication.Filter(all.Where(example => !example.IsHeldOut)), encoder, longest))];
        for (var i = 0; i < sources.Count; i++)
        {
            report?.Invoke($"{sources[i].Name}: {trained[i].Tokens} tokens in {trained[i].Documents} pieces, {heldOut[i].Tokens} held out");
        }

        return new DataSet([.. sources.Select((source, i) => (source, trained[i], heldOut[i]))]);
    }

    /// <summary>All examples of a source, trained and held out.</summary>
    /// <exception cref="ArgumentException">The source is unknown.</exception>
    public static IEnumerable<Example> Examples(SourceOptions source, string folder, ulong seed)
    {
        var all = s_makers.TryGetValue(source.Name, out var make) ? make(source.Most ?? MadeExamples, seed) : Corpora.Read(source.Name, folder);
        return source.Most is { } most ? all.Take(most) : all;
    }

    private static TokenStore Encode(IEnumerable<Example> examples, ExampleEncoder encoder, int longest)
    {
        Example[] all = [.. examples];
        var (store, ids, isLearnt) = (new TokenStore(isWhole: all.Any(example => example.Conversation is not null)), new List<int>(), new List<bool>());
        foreach (var example in all)
        {
            ids.Clear();
            isLearnt.Clear();
            encoder.Encode(example, ids, isLearnt);
            store.Add(ids, isLearnt, longest);
        }

        return store;
    }
}
