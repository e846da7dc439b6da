using System.Globalization;
using System.Text;
using Crescent.Text.Answers;
using Crescent.Text.Templates;
using Crescent.Text.Tests.Support;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Answers;

/// <summary>
/// Random answers of every family: markers as tokens, as text and in halves, among text and JSON, cut off anywhere. 500 a family; <c>CRESCENT_FUZZ=10000</c> for more.
/// </summary>
public class AnswerFuzzTests
{
    private static readonly string[] s_words =
    [
        "Text ", "\n", " ", "f", "g", "functions.", ":0", "functions.f:1", "call_abc", "function", "```json\n", "\n```", "{", "}", "\"", ",", ": ", "[", "]", "é😊", "你好",
        "{\"name\": \"f\", ", "\"arguments\": ", "\"parameters\": ", "{\"a\": 1}", "{\"name\": \"f\", \"arguments\": {\"a\": \"b\"}}", "{\"name\": \"f\", \"parameters\": {}}",
        "analysis", "final", "commentary to=functions.f ", "assistant", "json", "to=g", "<", "<|", "|>", ">", "<｜", "｜>", "</", "\\",
    ];

    private static readonly string[] s_markers =
    [
        "<think>", "</think>", "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", "<|tool_call_section_begin|>", "<|tool_call_section_end|>", "<|tool_call_begin|>",
        "<|tool_call_argument_begin|>", "<|tool_call_end|>", "<|im_end|>", "<|im_user|>", "<|im_middle|>", "<|im_start|>", "[EOS]", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>",
        "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>", "<｜end▁of▁sentence｜>", "<｜User｜>", "<tool_call>", "</tool_call>", "<tool_response>", "<|python_tag|>",
        "<|eot_id|>", "<|eom_id|>", "<|start_header_id|>", "<|start|>", "<|channel|>", "<|constrain|>", "<|message|>", "<|end|>", "<|return|>", "<|call|>", "<|separator|>", "<|eos|>",
    ];

    public static TheoryData<string, string> Families { get; } = new()
    {
        { "kimi-k2", "kimi-k2" },
        { "kimi-k2-thinking", "kimi-k2" },
        { "deepseek-v3", "deepseek-v3" },
        { "deepseek-r1", "deepseek-v3" },
        { "deepseek-v3.1", "deepseek-v3" },
        { "chatml", "qwen3" },
        { "llama-3", "gpt-2" },
        { "harmony", "o200k" },
        { "grok-2", "gpt-2" },
        { "plain", "gpt-2" },
    };

    [Theory]
    [MemberData(nameof(Families))]
    public void No_marker_leaks_and_nothing_crashes(string family, string vocabulary)
    {
        var template = TemplateFactory.Create(family);
        var tokenizer = Loaded.Get(vocabulary);
        string[] own = [.. Own(template)];
        var rounds = int.TryParse(Environment.GetEnvironmentVariable("CRESCENT_FUZZ"), NumberStyles.None, CultureInfo.InvariantCulture, out var asked) ? asked : 500;
        for (var seed = 0; seed < rounds; seed++)
        {
            var random = new Random(seed);
            var request = random.Next(4) == 0 || !template.SupportsTools ? Answers.Tools() : Answers.Tools("f", "g");
            var ids = new List<int>();
            var text = Answer(random, own, tokenizer, ids);
            try
            {
                Holds(Answers.Read(template, tokenizer, ids, request), own, tokenizer, text);
            }
            catch (Exception exception) when (exception is not Xunit.Sdk.IAssertionException)
            {
                Assert.Fail($"seed {seed}: {text}: {exception}");
            }
        }
    }

    /// <summary>An answer cut in two texts anywhere is read as it is whole: where tokens end says nothing, markers spelled or not.</summary>
    [Theory]
    [MemberData(nameof(Families))]
    public void Every_split_reads_the_same(string family, string vocabulary)
    {
        var template = TemplateFactory.Create(family);
        var tokenizer = Loaded.Get(vocabulary);
        string[] own = [.. Own(template)];
        for (var seed = 0; seed < 20; seed++)
        {
            var random = new Random(seed);
            var text = string.Concat(Enumerable.Range(0, 8).Select(_ => random.Next(2) == 0 && own.Length > 0 ? own[random.Next(own.Length)] : s_words[random.Next(s_words.Length)]));
            var whole = Answers.Show(Read(text));
            for (var cut = 1; cut < text.Length; cut++)
            {
                if (!char.IsLowSurrogate(text[cut]))
                {
                    Assert.Equal((text, cut, whole), (text, cut, Answers.Show(Read(text[..cut], text[cut..]))));
                }
            }
        }

        ChatMessage Read(params string[] parts) => Answers.Read(template, tokenizer, parts.SelectMany(part => Spelled(tokenizer, part)), template.SupportsTools ? Answers.Tools("f", "g") : Answers.Tools());
    }

    private static void Holds(ChatMessage message, string[] own, Tokenizer tokenizer, string answer)
    {
        foreach (var marker in own)
        {
            Assert.False(message.Content!.Contains(marker, StringComparison.Ordinal), $"{marker} in the text of {answer}");
            Assert.False(message.ReasoningContent?.Contains(marker, StringComparison.Ordinal) == true, $"{marker} in the reasoning of {answer}");
            // In a JSON string, the name of a marker is what the model says, where it has a token to say the other.
            foreach (var call in message.ToolCalls.Where(call => call.Arguments.Contains(marker, StringComparison.Ordinal)))
            {
                var before = new JsonStringState();
                before.Push(call.Arguments.AsSpan(0, call.Arguments.IndexOf(marker, StringComparison.Ordinal)));
                Assert.True(before.IsInside && tokenizer.FindMarker(marker) is not null, $"{marker} in the arguments of {answer}: {call.Arguments}");
            }
        }
    }

    // The family's markers among all, and its stops.
    private static IEnumerable<string> Own(ChatTemplate template) => template.Name switch
    {
        "plain" => [],
        "harmony" => s_markers.Where(marker => marker is "<|start|>" or "<|channel|>" or "<|constrain|>" or "<|message|>" or "<|end|>" or "<|return|>" or "<|call|>"),
        var name => s_markers.Where(marker => name switch
        {
            "kimi-k2" or "kimi-k2-thinking" => marker.Contains("tool_call", StringComparison.Ordinal) && marker.StartsWith("<|", StringComparison.Ordinal),
            "chatml" => marker is "<tool_call>" or "</tool_call>" or "<tool_response>",
            "llama-3" => marker == "<|python_tag|>",
            "grok-2" => false,
            _ => marker.StartsWith('<') && marker.Contains("｜tool▁", StringComparison.Ordinal),
        }).Concat(["<think>", "</think>"]).Concat(template.StopNames),
    };

    private static string Answer(Random random, string[] own, Tokenizer tokenizer, List<int> ids)
    {
        var text = new StringBuilder();
        for (var count = random.Next(1, 25); count > 0; count--)
        {
            switch (random.Next(8))
            {
                case < 3 when own.Length > 0:
                    var marker = own[random.Next(own.Length)];
                    text.Append(marker);
                    ids.AddRange(tokenizer.Encode(marker, parseSpecial: true));
                    break;
                case 3 when own.Length > 0:
                    Spell(own[random.Next(own.Length)]);
                    break;
                case 4:
                    var other = s_markers[random.Next(s_markers.Length)];
                    var (start, end) = (random.Next(other.Length), random.Next(other.Length + 1));
                    Spell(other[Math.Min(start, end)..Math.Max(start, end)]);
                    break;
                default:
                    Spell(s_words[random.Next(s_words.Length)]);
                    break;
            }
        }

        if (random.Next(3) == 0)
        {
            var kept = random.Next(ids.Count + 1);
            ids.RemoveRange(kept, ids.Count - kept);
        }

        return text.ToString();

        void Spell(string word)
        {
            text.Append(word);
            ids.AddRange(Spelled(tokenizer, word));
        }
    }

    private static int[] Spelled(Tokenizer tokenizer, string text)
    {
        var ids = new List<int>();
        tokenizer.Encode(text, ids, TextTrust.Untrusted, startOfText: false);
        return [.. ids];
    }
}
