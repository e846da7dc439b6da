using System.Globalization;
using System.Text.Json;
using Crescent.Text.Templates;
using Crescent.Training.Parameters;

namespace Crescent.Training.Data;

/// <summary>Made-up tasks with answers that can be checked: arithmetic, copying, ordering, recall, and calls of tools that the conversation declares.</summary>
public static class SyntheticTasks
{
    private static readonly string[] s_words =
        ["river", "candle", "orange", "winter", "ladder", "pepper", "garden", "silver", "marble", "forest", "bottle", "copper", "meadow", "violin", "harbor", "pencil", "rivière", "bougie", "hiver", "jardin", "forêt", "cuivre", "étoile", "maison"];

    private static readonly string[] s_names = ["Ada", "Bruno", "Chloé", "David", "Elena", "Farid", "Gaëlle", "Hugo", "Inès", "Jonas", "Katia", "Louis", "Maya", "Noé", "Olga", "Paul"];

    private static readonly string[] s_places = ["Paris", "London", "Lyon", "Oslo", "Rome", "Dakar", "Quebec", "Nantes", "Boston", "Geneva", "Lisbon", "Prague"];

    private static readonly (string Name, string Description, string Argument, string Question)[] s_tools =
    [
        ("get_weather", "Weather of a city", "city", "What is the weather like in {0}?"),
        ("get_time", "Local time of a city", "city", "What time is it in {0}?"),
        ("find_hotel", "Hotels of a city", "city", "Find me a hotel in {0}."),
        ("find_train", "Trains to a city", "destination", "I need a train to {0}."),
        ("meteo", "Météo d'une ville", "ville", "Quel temps fait-il à {0} ?"),
        ("chercher_restaurant", "Restaurants d'une ville", "ville", "Trouve un restaurant à {0}."),
    ];

    private static readonly Func<TrainingRandom, string, Example>[] s_makers = [Add, Multiply, Copy, Reverse, Order, Recall, Call];

    /// <summary>The same examples from the same seed.</summary>
    public static IEnumerable<Example> Make(int count, ulong seed)
    {
        var random = new TrainingRandom(seed);
        for (var i = 0; i < count; i++)
        {
            yield return random.Pick(s_makers)(random, $"synthetic:{seed}:{i}");
        }
    }

    private static Example Add(TrainingRandom random, string key)
    {
        var (a, b) = (random.Next(1000), random.Next(1000));
        return random.Next(2) == 0
            ? Example.OfPair(key, Invariant($"What is {a} + {b}?"), Invariant($"{a + b}"))
            : Example.OfPair(key, Invariant($"Combien font {Math.Max(a, b)} - {Math.Min(a, b)} ?"), Invariant($"{Math.Abs(a - b)}"));
    }

    private static Example Multiply(TrainingRandom random, string key)
    {
        var (a, b) = (random.Next(13), random.Next(13));
        return Example.OfPair(key, Invariant($"What is {a} times {b}?"), Invariant($"{a * b}"));
    }

    private static Example Copy(TrainingRandom random, string key)
    {
        var words = Words(random, 2 + random.Next(6));
        return Example.OfPair(key, $"Repeat exactly: {words}", words);
    }

    private static Example Reverse(TrainingRandom random, string key)
    {
        var words = Words(random, 2 + random.Next(4));
        return Example.OfPair(key, $"Write these words in reverse order: {words}", string.Join(' ', words.Split(' ').Reverse()));
    }

    private static Example Order(TrainingRandom random, string key)
    {
        int[] numbers = [.. Enumerable.Range(0, 3 + random.Next(4)).Select(_ => random.Next(100))];
        return Example.OfPair(key, $"Sort from smallest to largest: {string.Join(", ", numbers)}", string.Join(", ", numbers.Order()));
    }

    private static Example Recall(TrainingRandom random, string key)
    {
        var (name, place) = (random.Pick(s_names), random.Pick(s_places));
        return Example.OfMessages(key, Split.IsHeldOut(key),
        [
            new ChatMessage("user", $"My name is {name} and I live in {place}."),
            new ChatMessage("assistant", $"Nice to meet you, {name}."),
            new ChatMessage("user", "Where do I live?"),
            new ChatMessage("assistant", $"You live in {place}."),
        ]);
    }

    private static Example Call(TrainingRandom random, string key)
    {
        var order = random.Permutation(s_tools.Length)[..(2 + random.Next(3))];
        var tool = s_tools[order[0]];
        var (place, answer) = (random.Pick(s_places), Words(random, 2));
        ToolDefinition[] declared = [.. order.Order().Select(i => s_tools[i]).Select(t => ServiceTools.Function(t.Name, t.Description, [(t.Argument, t.Argument, [])], [t.Argument]))];
        var id = $"functions.{tool.Name}:0";
        return Example.OfMessages(
            key,
            Split.IsHeldOut(key),
            [
                new ChatMessage("user", string.Format(CultureInfo.InvariantCulture, tool.Question, place)),
                new ChatMessage("assistant", null) { ToolCalls = [new ToolCall(id, tool.Name, $"{{\"{tool.Argument}\": \"{place}\"}}")] },
                new ChatMessage("tool", $"{{\"result\":\"{JsonEncodedText.Encode(answer, System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping)}\"}}") { ToolCallId = id },
                new ChatMessage("assistant", $"{place}: {answer}."),
            ],
            declared);
    }

    private static string Words(TrainingRandom random, int count) => string.Join(' ', Enumerable.Range(0, count).Select(_ => random.Pick(s_words)));

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
