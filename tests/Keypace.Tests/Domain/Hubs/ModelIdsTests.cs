using System.Text;
using Keypace.Domain.Hubs;

namespace Keypace.Tests.Domain.Hubs;

public sealed class ModelIdsTests
{
    [Theory]
    [InlineData("""{"object":"list","data":[{"id":"a"},{"id":"b/c"},{"id":"a"},{"x":1},5,{"id":7},{"id":""}]}""", "a,b/c")]
    [InlineData("""[{"id":"a"},{"id":"b"}]""", "a,b")]
    [InlineData("""{"data":[]}""", "")]
    public void Ids_are_read_once_each_from_either_shape(string json, string ids) =>
        Assert.Equal(ids, string.Join(',', ModelIds.Read(Encoding.UTF8.GetBytes(json), ModelListShape.Data)!));

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("""{"data":5}""")]
    [InlineData("""{"data":[{"id":"\uD800"}]}""")]
    public void What_is_no_list_is_none(string json) => Assert.Null(ModelIds.Read(Encoding.UTF8.GetBytes(json), ModelListShape.Data));

    [Fact]
    public void A_hub_without_a_list_has_none() => Assert.Null(ModelIds.Read("[]"u8.ToArray(), ModelListShape.None));
}
