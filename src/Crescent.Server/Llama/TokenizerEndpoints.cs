using System.Globalization;
using Crescent.Server.Http;
using Crescent.Server.Llama.Wire;
using Crescent.Server.Models;
using Crescent.Server.OpenAi;
using Crescent.Text.Tokenizers;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Llama;

/// <summary><c>POST /tokenize</c>, <c>/detokenize</c> and <c>/apply-template</c>, <c>GET /tokenizer_info</c></summary>
internal sealed class TokenizerEndpoints(ModelRegistry models, ServerOptions options)
{
    private const int MostIds = 4_000_000;

    public async Task TokenizeAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxBodyBytes);
        using var use = await models.UseAsync(body.Text("model"), context.RequestAborted);
        var tokenizer = use.Model.Engine.Tokenizer;
        var text = body.Text("content") ?? body.Text("prompt") ?? throw ApiException.Invalid("content", "expected a string, found nothing");
        var ids = new List<int>();
        if ((body.Flag("add_special") ?? body.Flag("add_special_tokens") ?? false) && tokenizer.AddBos)
        {
            ids.Add(tokenizer.BosId!.Value);
        }

        tokenizer.Encode(text, ids, body.Flag("parse_special") ?? true ? TextTrust.Trusted : TextTrust.Plain);
        if (body.Flag("with_pieces") == true)
        {
            var pieces = ids.Select(id => new TokenPiece(id, tokenizer.Decode([id], showSpecial: true, startOfText: false)));
            await Replies.WriteAsync(context, new PiecesReply([.. pieces]), LlamaJson.Relaxed.PiecesReply);
            return;
        }

        await Replies.WriteAsync(context, new TokenizeReply(ids), LlamaJson.Relaxed.TokenizeReply);
    }

    public async Task DetokenizeAsync(HttpContext context)
    {
        var body = await RequestBody.ReadAsync(context, options.MaxBodyBytes);
        using var use = await models.UseAsync(body.Text("model"), context.RequestAborted);
        var tokenizer = use.Model.Engine.Tokenizer;
        var tokens = body.List("tokens", MostIds) ?? throw ApiException.Invalid("tokens", "expected a list of token ids, found nothing");
        var ids = tokens.Select((id, index) => (int)JsonFields.IntegerOf(id, $"tokens[{index.ToString(CultureInfo.InvariantCulture)}]", 0, tokenizer.VocabularySize - 1)).ToArray();
        var text = tokenizer.DecodeText(ids, showSpecial: true);
        await Replies.WriteAsync(context, new DetokenizeReply(text, text), LlamaJson.Relaxed.DetokenizeReply);
    }

    public async Task ApplyTemplateAsync(HttpContext context)
    {
        var request = ChatCompletionRequest.Read(await RequestBody.ReadAsync(context, options.MaxBodyBytes), options);
        using var use = await models.UseAsync(request.Model, context.RequestAborted);
        var model = use.Model;
        var segments = request.Segments(model, request.Conversation with { CurrentDate = model.Today });
        await Replies.WriteAsync(context, new TemplateReply(string.Concat(segments.Select(segment => segment.Text))), LlamaJson.Relaxed.TemplateReply);
    }

    public async Task DescribeAsync(HttpContext context)
    {
        using var use = await models.UseAsync((string?)context.Request.Query["model"], context.RequestAborted);
        var engine = use.Model.Engine;
        await Replies.WriteAsync(
            context,
            new TokenizerReply(Name(engine.Tokenizer.BosId, engine.Tokenizer), Name(engine.Tokenizer.EosId, engine.Tokenizer), Name(engine.Tokenizer.PadId, engine.Tokenizer), engine.Template.Name),
            LlamaJson.Relaxed.TokenizerReply);
    }

    /// <summary>A token as people write it; null for none.</summary>
    public static string? Name(int? id, Tokenizer tokenizer) => id is { } token ? tokenizer.TokenName(token) : null;
}
