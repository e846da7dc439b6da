using System.Text.Json;
using System.Text.RegularExpressions;
using Crescent.Text.Templates;

namespace Crescent.Training.Data;

/// <summary>The corpora as examples, by name.</summary>
public static partial class Corpora
{
    private static readonly Dictionary<string, Func<string, IEnumerable<Example>>> s_readers = new(StringComparer.Ordinal)
    {
        ["eltec-eng"] = folder => Books(folder, "eltec-eng.txt"),
        ["eltec-fra"] = folder => Books(folder, "eltec-fra.txt"),
        ["tinyshakespeare"] = Shakespeare,
        ["tinystories"] = Stories,
        ["tatoeba"] = Translations,
        ["sgd"] = ServiceDialogues.Read,
        ["tm4"] = Dialogues.Tm4,
        ["gsm8k"] = Problems,
        ["chatterbot"] = Exchanges,
        ["rasbt"] = Instructions,
        ["self-instruct"] = SeedTasks,
    };

    public static IReadOnlyCollection<string> Names => s_readers.Keys;

    /// <summary>All examples of a corpus, trained and held out, in the order of the file.</summary>
    /// <exception cref="ArgumentException">There is no such corpus.</exception>
    public static IEnumerable<Example> Read(string name, string folder) =>
        s_readers.TryGetValue(name, out var read) ? read(folder) : throw new ArgumentException($"unknown corpus '{name}'; expected one of {string.Join(", ", Names)}, synthetic, tool-tasks", nameof(name));

    // Books are parted by a line with one form feed.
    private static IEnumerable<Example> Books(string folder, string name)
    {
        var books = CorpusFile.ReadText(folder, name).Split('\f', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        return books.Select((text, i) => Example.OfText($"{name}:{i}", text, i >= books.Length - Split.HeldOutBooks));
    }

    private static IEnumerable<Example> Shakespeare(string folder)
    {
        var text = CorpusFile.ReadText(folder, "tinyshakespeare.txt");
        var end = text.IndexOf("\n\n", text.Length * 9 / 10, StringComparison.Ordinal);
        return [Example.OfText("tinyshakespeare:0", text[..end], false), Example.OfText("tinyshakespeare:1", text[end..].Trim(), true)];
    }

    // A story starts after a single newline; paragraphs inside one after an empty line. Every second one is asked for, by the name of somebody in it where there is one.
    private static IEnumerable<Example> Stories(string folder) =>
        StoryEnd().Split(CorpusFile.ReadText(folder, "tinystories-sample.txt"))
            .Select(story => story.Trim()).Where(story => story.Length > 0)
            .Select((story, i) => i % 2 == 0
                ? Example.OfText($"tinystories:{i}", story, Split.IsHeldOut($"tinystories:{i}"))
                : Example.OfPair($"tinystories:{i}", StoryRequest(story, i), story));

    private static string StoryRequest(string story, int i) => (Named().Match(story) is { Success: true }, i / 2 % 3) switch
    {
        (true, 0) => $"Tell me a story about {Named().Match(story).Groups[1].Value}.",
        (true, 1) => $"Write a short story about {Named().Match(story).Groups[1].Value}.",
        (_, 2) => "Write a story for children.",
        _ => "Tell me a short story.",
    };

    private static IEnumerable<Example> Translations(string folder) => CorpusFile.ReadLines(folder, "tatoeba-eng-fra.tsv").Select(line => line.Split('\t')).Where(pair => pair.Length >= 2)
        .Select((pair, i) =>
        {
            // Both directions, by the English sentence, so that a held-out sentence is held out with all its translations.
            var isHeldOut = Split.IsHeldOut($"tatoeba:{pair[0]}");
            var (question, answer) = (i % 4) switch
            {
                0 => ($"Translate into French: {pair[0]}", pair[1]),
                1 => ($"Traduis en anglais : {pair[1]}", pair[0]),
                2 => ($"How do you say “{pair[0]}” in French?", pair[1]),
                _ => ($"Comment dit-on « {pair[1]} » en anglais ?", pair[0]),
            };
            return Example.OfMessages($"tatoeba:{i}", isHeldOut, [new ChatMessage("user", question), new ChatMessage("assistant", answer)]);
        });

    // The notes of a calculator, <<48/2=24>>, are left out.
    private static IEnumerable<Example> Problems(string folder) => JsonLines(folder, "gsm8k-train.jsonl").Select((problem, i) => Example.OfPair(
        $"gsm8k:{i}", problem.GetProperty("question").GetString()!, CalculatorNote().Replace(problem.GetProperty("answer").GetString()!, "")));

    private static IEnumerable<Example> Exchanges(string folder) => JsonLines(folder, "chatterbot-en-fr.jsonl").Select((exchange, i) =>
    {
        var turns = exchange.GetProperty("turns").EnumerateArray().Select(turn => turn.GetString()!).ToArray();
        return Example.OfMessages($"chatterbot:{i}", Split.IsHeldOut($"chatterbot:{turns[0]}"), [.. turns[..(turns.Length / 2 * 2)].Select((turn, t) => new ChatMessage(t % 2 == 0 ? "user" : "assistant", turn))]);
    }).Where(example => example.Conversation!.Messages.Count > 0);

    private static IEnumerable<Example> Instructions(string folder)
    {
        using var document = JsonDocument.Parse(CorpusFile.ReadText(folder, "rasbt-instruction-data.json"));
        return [.. document.RootElement.EnumerateArray().Select((task, i) => Task($"rasbt:{i}", task.GetProperty("instruction"), task.GetProperty("input"), task.GetProperty("output")))];
    }

    private static IEnumerable<Example> SeedTasks(string folder) => JsonLines(folder, "self-instruct-seed-tasks.jsonl").SelectMany((task, i) => task.GetProperty("instances").EnumerateArray()
        .Select((instance, j) => Task($"self-instruct:{i}:{j}", task.GetProperty("instruction"), instance.GetProperty("input"), instance.GetProperty("output"))));

    private static Example Task(string key, JsonElement instruction, JsonElement input, JsonElement output)
    {
        var given = input.GetString();
        return Example.OfPair(key, string.IsNullOrWhiteSpace(given) ? instruction.GetString()! : $"{instruction.GetString()}\n\n{given}", output.GetString()!);
    }

    internal static IEnumerable<JsonElement> JsonLines(string folder, string name)
    {
        var number = 0;
        foreach (var line in CorpusFile.ReadLines(folder, name))
        {
            number++;
            JsonElement element;
            try
            {
                using var document = JsonDocument.Parse(line);
                element = document.RootElement.Clone();
            }
            catch (JsonException exception)
            {
                throw new InvalidDataException($"{Path.Combine(folder, name)}, line {number}: expected JSON: {exception.Message}", exception);
            }

            yield return element;
        }
    }

    [GeneratedRegex("<<[^>]*>>")]
    private static partial Regex CalculatorNote();

    [GeneratedRegex("named ([A-Z][a-z]+)")]
    private static partial Regex Named();

    [GeneratedRegex("(?<!\n)\n(?!\n)")]
    private static partial Regex StoryEnd();
}
