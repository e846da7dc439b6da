using System.Text.Json;
using System.Text.RegularExpressions;
using Crescent.Tests;
using Crescent.Text.Templates;
using Crescent.Text.Tests.Support;

namespace Crescent.Text.Tests.Answers;

/// <summary>Calls that vendors of Kimi K2 were recorded to make, written back in its own markers.</summary>
public partial class RecordedCallTests
{
    [Fact]
    public void Every_recorded_call_is_read_at_every_split()
    {
        var tokenizer = Loaded.Get("kimi-k2");
        var template = TemplateFactory.Create("kimi-k2");
        var turns = Directory.GetFiles(SharedData.Path("recorded", "kimi-k2"), "*.yaml").SelectMany(Turns).ToList();
        Assert.True(turns.Count >= 10, $"{turns.Count} turns with calls");
        foreach (var (content, calls) in turns)
        {
            var request = Answers.Tools([.. calls.Select(call => call.Name).Distinct()]);
            var text = content + "<|tool_calls_section_begin|>"
                + string.Concat(calls.Select(call => $"<|tool_call_begin|>{call.Id}<|tool_call_argument_begin|>{call.Arguments}<|tool_call_end|>")) + "<|tool_calls_section_end|>";
            var expected = Answers.Show(new ChatMessage("assistant", content) { ToolCalls = [.. calls.Select((call, i) => new ToolCall($"functions.{call.Name}:{i}", call.Name, call.Arguments.Trim()))] });
            Assert.Equal(expected, Answers.Show(Answers.Read(template, tokenizer, tokenizer.Encode(text, parseSpecial: true), request)));
            for (var cut = 1; cut < text.Length; cut++)
            {
                // A marker that is cut is spelled; the others are tokens.
                int[] ids = [.. tokenizer.Encode(text[..cut], parseSpecial: true), .. tokenizer.Encode(text[cut..], parseSpecial: true)];
                Assert.Equal((cut, expected), (cut, Answers.Show(Answers.Read(template, tokenizer, ids, request))));
            }
        }
    }

    // The assistant's turns in the bodies of requests, which send back what was answered before.
    private static IEnumerable<(string Content, ToolCall[] Calls)> Turns(string path)
    {
        foreach (Match match in Body().Matches(File.ReadAllText(path)))
        {
            using var body = JsonDocument.Parse(match.Groups[1].Value.Replace("''", "'", StringComparison.Ordinal));
            foreach (var message in body.RootElement.GetProperty("messages").EnumerateArray().Where(message => message.TryGetProperty("tool_calls", out _)))
            {
                yield return (
                    message.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String ? content.GetString()! : "",
                    [.. message.GetProperty("tool_calls").EnumerateArray().Select(call => ToolCall.FromJson(
                        call.GetProperty("id").GetString()!, call.GetProperty("function").GetProperty("name").GetString()!, call.GetProperty("function").GetProperty("arguments")))]);
            }
        }
    }

    [GeneratedRegex(@"^    body: '(\{.*\})'\r?$", RegexOptions.Multiline)]
    private static partial Regex Body();
}
