using System.Text;
using Keypace.Domain.Hubs;

namespace Keypace.Tests.Domain.Hubs;

public sealed class ModelIdsTests
{
    [Theory]
    [InlineData("""{"object":"list","data":[{"id":"a"},{"id":"b/c"},{"id":"a"},{"x":1},5,{"id":7},{"id":""}]}""", "a,b/c")]
    [InlineData("""[{"id":"a"},{"id":"b"}]""", "a,b")]
    [InlineData("""{"data":[]}""", "")]
    [InlineData("""{"models":[{"name":"a"}]}""", "a")]
    [InlineData("""["a","b","a"]""", "a,b")]
    [InlineData("""{"publisherModels":[{"name":"publishers/google/models/gemini-x"},{"name":"publishers/a/models"}]}""", "google/gemini-x,publishers/a/models")]
    public void Ids_are_read_once_each_from_any_shape(string json, string ids) =>
        Assert.Equal(ids, string.Join(',', ModelIds.Read(Encoding.UTF8.GetBytes(json))!));

    [Theory]
    [InlineData("")]
    [InlineData("<html>")]
    [InlineData("{}")]
    [InlineData("""{"data":5}""")]
    [InlineData("""{"data":[{"id":"\uD800"}]}""")]
    public void What_is_no_list_is_none(string json) => Assert.Null(ModelIds.Read(Encoding.UTF8.GetBytes(json)));
}
