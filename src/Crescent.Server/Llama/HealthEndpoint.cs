using Crescent.Server.Http;
using Crescent.Server.Llama.Wire;
using Microsoft.AspNetCore.Http;

namespace Crescent.Server.Llama;

/// <summary><c>GET /health</c></summary>
internal static class HealthEndpoint
{
    public static Task AnswerAsync(HttpContext context) => Replies.WriteAsync(context, new HealthReply("ok"), LlamaJson.Relaxed.HealthReply);
}
