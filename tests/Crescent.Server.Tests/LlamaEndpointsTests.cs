using Crescent.Tests.Support;
using Xunit;

namespace Crescent.Tests;

public sealed class LlamaEndpointsTests
{
    [Fact]
    public async Task Texts_become_tokens_and_texts_again()
    {
        await using var scene = await ServerScene.OpenAsync();
        var tokens = (await scene.AskAsync("/tokenize", """{"content":"Once upon a time"}""")).GetProperty("tokens");
        Assert.Equal(scene.Tokenizer.Encode("Once upon a time"), tokens.EnumerateArray().Select(id => id.GetInt32()));
        Assert.Equal(tokens.GetRawText(), (await scene.AskAsync("/tokenize", """{"prompt":"Once upon a time","add_special_tokens":false}""")).GetProperty("tokens").GetRawText());
        var text = await scene.AskAsync("/detokenize", $$"""{"tokens":{{tokens.GetRawText()}}}""");
        Assert.Equal("Once upon a time", text.GetProperty("content").GetString());
        Assert.Equal("Once upon a time", text.GetProperty("prompt").GetString());
        Assert.Equal(scene.Tokenizer.BosId, (await scene.AskAsync("/tokenize", """{"content":"x","add_special":true}""")).GetProperty("tokens")[0].GetInt32());
        await scene.RefusedAsync(400, "/detokenize", """{"tokens":[512]}""");
        await scene.RefusedAsync(400, "/tokenize", "{}");
    }

    [Fact]
    public async Task Pieces_are_text_or_bytes()
    {
        await using var scene = await ServerScene.OpenAsync();
        var tokens = (await scene.AskAsync("/tokenize", """{"content":"a€","with_pieces":true}""")).GetProperty("tokens").EnumerateArray().ToArray();
        var bytes = tokens.SelectMany(token => token.GetProperty("piece") is { ValueKind: System.Text.Json.JsonValueKind.String } text
            ? System.Text.Encoding.UTF8.GetBytes(text.GetString()!)
            : [.. token.GetProperty("piece").EnumerateArray().Select(value => value.GetByte())]);
        Assert.Equal(" a€"u8.ToArray(), bytes);
    }

    [Fact]
    public async Task The_template_shows_what_the_model_gets()
    {
        await using var scene = await ServerScene.OpenAsync(template: "chatml");
        const string body = """{"messages":[{"role":"developer","content":"Be brief"},{"role":"user","content":"Hi"}]}""";
        var prompt = (await scene.AskAsync("/apply-template", body)).GetProperty("prompt").GetString();
        Assert.Equal("<|im_start|>system\nBe brief<|im_end|>\n<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n", prompt);
        var count = (await scene.AskAsync("/v1/tokenizers/estimate-token-count", body)).GetProperty("data").GetProperty("total_tokens").GetInt32();
        Assert.Equal(1 + scene.Tokenizer.Encode(prompt!).Length, count);
    }

    [Fact]
    public async Task Properties_slots_and_metrics_tell_of_the_engine()
    {
        await using var scene = await ServerScene.OpenAsync();
        await scene.AskAsync("/v1/chat/completions", """{"messages":[{"role":"user","content":"Once upon a time"}],"max_tokens":4}""");
        var props = await scene.GetAsync("/props");
        Assert.Equal(4, props.GetProperty("total_slots").GetInt32());
        Assert.Equal(128, props.GetProperty("default_generation_settings").GetProperty("n_ctx").GetInt32());
        Assert.Equal(4, (await scene.GetAsync("/slots")).GetArrayLength());
        var metrics = await scene.Http.GetStringAsync("/metrics", TestContext.Current.CancellationToken);
        Assert.Contains("\nllamacpp:prompt_tokens_total 5\n", metrics, StringComparison.Ordinal);
        Assert.Contains("\nllamacpp:tokens_predicted_total 4\n", metrics, StringComparison.Ordinal);
        Assert.Contains("# TYPE llamacpp:requests_deferred gauge\nllamacpp:requests_deferred 0\n", metrics, StringComparison.Ordinal);
        Assert.Equal("ok", (await scene.GetAsync("/health")).GetProperty("status").GetString());
        Assert.Equal("</s>", (await scene.GetAsync("/tokenizer_info")).GetProperty("eos_token").GetString());
    }

    [Fact]
    public async Task Models_are_listed_and_found_by_name()
    {
        await using var scene = await ServerScene.OpenAsync(models: 2);
        var list = await scene.GetAsync("/v1/models");
        Assert.Equal("list", list.GetProperty("object").GetString());
        Assert.Equal(["tiny", "tiny-1"], list.GetProperty("data").EnumerateArray().Select(model => model.GetProperty("id").GetString()));
        Assert.Equal("model", (await scene.GetAsync("/v1/models/tiny-1")).GetProperty("object").GetString());
        using var missing = await scene.Http.GetAsync("/v1/models/none", TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)missing.StatusCode);
        using var unknown = await scene.Http.GetAsync("/nowhere", TestContext.Current.CancellationToken);
        Assert.Equal(404, (int)unknown.StatusCode);
        Assert.Equal("application/json", unknown.Content.Headers.ContentType!.MediaType);
        using var method = await scene.Http.DeleteAsync("/v1/chat/completions", TestContext.Current.CancellationToken);
        Assert.Equal(405, (int)method.StatusCode);
        Assert.StartsWith("req_", method.Headers.GetValues("x-request-id").Single(), StringComparison.Ordinal);
    }
}
