using System.Text.Json.Serialization;

namespace Crescent.Server.Llama.Wire;

/// <param name="Piece">Text, or byte values where it is no UTF-8 alone.</param>
internal sealed record TokenPiece(int Id, [property: JsonConverter(typeof(PieceConverter))] byte[] Piece);
