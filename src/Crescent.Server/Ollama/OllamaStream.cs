using Crescent.Engine.Chat;
using Crescent.Server.Http;
using Crescent.Server.Ollama.Wire;

namespace Crescent.Server.Ollama;

/// <summary>A streamed answer of <c>/api/chat</c> or <c>/api/generate</c>.</summary>
internal sealed class OllamaStream(LineStream lines, OllamaWriter writer)
{
    /// <exception cref="ChatException">The answer failed before its first line.</exception>
    public async Task RunAsync(IAsyncEnumerable<ChatUpdate> answer)
    {
        try
        {
            await foreach (var update in answer)
            {
                foreach (var line in writer.Lines(update))
                {
                    await lines.SendAsync(line, OllamaJson.Relaxed.OllamaReply);
                }
            }
        }
        catch (Exception exception) when (lines.HasBegun && exception is not OperationCanceledException)
        {
            // The status went out long ago: the error is the last line.
            await lines.SendAsync(new OllamaError(ErrorMapping.ToError(exception).Message), OllamaJson.Relaxed.OllamaError);
        }
    }
}
