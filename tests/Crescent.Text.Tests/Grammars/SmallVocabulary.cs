using System.Text;
using Crescent.Text.Grammars;
using Crescent.Text.Tokenizers;

namespace Crescent.Text.Tests.Grammars;

/// <summary>A byte-level vocabulary small enough to try every token: all bytes, some words and crossings of JSON, a stop token and markers.</summary>
internal static class SmallVocabulary
{
    public const string Stop = "<|im_end|>";

    private static readonly string[] s_texts =
    [
        "a", "ab", "abc", "b", "ba", "12", "123", "1.", "0.", "-1", "true", "tr", "ue", "false", "null", "nu", "\":", "\": ", "\",", "\", \"", "\"}", "\"]", "{\"", "[\"",
        "[{\"", "},{\"", "}}", "]]", "]}", "], ", "1,", "1, ", ", ", ",\"", "name", "\"name", "\"name\":", "name\":\"", "\\\"", "\\n", "\\u00", " ", "  ", "\n", "é", "ñé",
        "é\"", "aé", "red", "\"red\"", "green", "gr", "een\"", "e+", "E", "functions.", "get", "functions.get", ":0", "hello world", "the", " the", "=", "==", "x=", "(", "((", "))", "()",
    ];

    private static readonly string[] s_markers =
    [
        Stop, "<|tool_calls_section_begin|>", "<|tool_calls_section_end|>", "<|tool_call_begin|>", "<|tool_call_argument_begin|>", "<|tool_call_end|>", "<think>", "</think>",
        "<tool_call>", "</tool_call>", "<|start|>", "<|channel|>", "<|message|>", "<|constrain|>", "<|end|>", "<|call|>", "<|return|>", "<｜tool▁calls▁begin｜>", "<｜tool▁calls▁end｜>",
        "<｜tool▁call▁begin｜>", "<｜tool▁sep｜>", "<｜tool▁call▁end｜>",
    ];

    public static GrammarVocabulary Instance { get; } = Create(s_markers);

    /// <summary>Without markers of tool calls.</summary>
    public static GrammarVocabulary Plain { get; } = Create([Stop]);

    public static int StopId(GrammarVocabulary vocabulary) => vocabulary.Tokenizer.FindControl(Stop)!.Value;

    private static GrammarVocabulary Create(string[] markers)
    {
        var bytes = Enumerable.Range(0, 256).Select(value => new byte[] { (byte)value });
        var texts = s_texts.Select(Encoding.UTF8.GetBytes).Where(text => text.Length > 1);
        string[] tokens = [.. bytes.Concat(texts).Select(Spell), .. markers];
        return new GrammarVocabulary(TokenizerFactory.FromGguf(new GgufVocabulary
        {
            Model = "gpt2",
            Pre = "gpt-2",
            Tokens = tokens,
            TokenTypes = [.. tokens.Select(token => markers.Contains(token) ? 3 : 1)],
            Merges = ["a b"],
        }));
    }

    // GPT-2's spelling: bytes that do not print become characters from U+0100 on.
    private static string Spell(byte[] bytes)
    {
        var text = new StringBuilder();
        foreach (var value in bytes)
        {
            var prints = value is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE;
            var shifted = Enumerable.Range(0, value).Count(other => !((byte)other is (>= 0x21 and <= 0x7E) or (>= 0xA1 and <= 0xAC) or >= 0xAE));
            text.Append(prints ? (char)value : (char)(256 + shifted));
        }

        return text.ToString();
    }
}
