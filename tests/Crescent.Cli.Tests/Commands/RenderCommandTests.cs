using System.Text.Json;
using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests.Commands;

public sealed class RenderCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Every_reference_prompt_of_kimi_is_rendered_and_encoded_exactly()
    {
        foreach (var line in File.ReadLines(SharedData.Path("kimi-k2", "prompts.jsonl")).Where((_, index) => index % 3 == 0))
        {
            using var golden = JsonDocument.Parse(line);
            var template = golden.RootElement.GetProperty("thinking_model").GetBoolean() ? "kimi-k2-thinking" : "kimi-k2";
            foreach (var kind in (string[])["text", "token"])
            {
                var json = InProcess.Run("render", SharedData.Path("kimi-k2"), "--request", Request(line), "--template", template, "--think-as", kind).Json;
                Assert.Equal(golden.RootElement.GetProperty("rendered").GetString(), json.GetProperty("prompt").GetString());
                Assert.Equal(JsonAssert.Ints(golden.RootElement.GetProperty($"ids_think_as_{kind}")), JsonAssert.Ints(json.GetProperty("ids")));
            }
        }
    }

    [Fact]
    public void The_template_is_the_models_unless_named()
    {
        var request = Request("""{"messages": [{"role": "user", "content": [{"type": "text", "text": "x"}]}], "chat_template_kwargs": {"enable_thinking": false}}""");
        Assert.Equal(
            "<|im_start|>user\nx<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n",
            InProcess.Run("render", SharedData.Path("qwen3"), "--request", request).Json.GetProperty("prompt").GetString());
        Assert.Equal("x", InProcess.Run("render", SharedData.Path("qwen3"), "--request", request, "--template", "plain").Json.GetProperty("prompt").GetString());
    }

    [Fact]
    public void The_effort_of_a_request_reaches_harmony()
    {
        var request = Request("""{"messages": [{"role": "user", "content": "x"}], "reasoning_effort": "low"}""");
        var prompt = InProcess.Run("render", SharedData.Path("o200k"), "--request", request).Json.GetProperty("prompt").GetString();
        Assert.Contains("\nCurrent date: 2", prompt, StringComparison.Ordinal);
        Assert.Contains("\nReasoning: low\n", prompt, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[", "expected JSON")]
    [InlineData("[]", "the request: expected an object, found Array")]
    [InlineData("{}", "expected a list 'messages'")]
    [InlineData("""{"messages": [{"content": "x"}]}""", "message 0: expected a role")]
    [InlineData("""{"messages": [{"role": 1}]}""", "message 0: role: expected String, found Number")]
    [InlineData("""{"messages": [{"role": "user", "content": [{"type": "image_url"}]}]}""", "found image_url")]
    [InlineData("""{"messages": [{"role": "assistant", "tool_calls": [{"id": "a"}]}]}""", "message 0, call 0: expected a function")]
    [InlineData("""{"messages": [], "reasoning_effort": "much"}""", "reasoning_effort: expected low, medium or high")]
    [InlineData("""{"messages": [{"role": "user", "content": "\ud800"}]}""", "surrogate")]
    public void A_request_that_is_none_is_refused_in_a_line(string request, string part) =>
        InProcess.Run("render", SharedData.Path("kimi-k2"), "--request", Request(request)).Failed(1, part);

    [Fact]
    public void A_missing_request_and_unknown_names_are_wrong_usage()
    {
        InProcess.Run("render", SharedData.Path("kimi-k2")).Failed(2);
        InProcess.Run("render", SharedData.Path("kimi-k2"), "--request", Request("{}"), "--template", "jinja").Failed(2);
        InProcess.Run("render", SharedData.Path("kimi-k2"), "--request", Request("{}"), "--think-as", "x").Failed(2);
    }

    private string Request(string json) => _folder.Write("request.json", json);
}
