"""The names of columns in the languages of further countries, by role and language. Their accents do not matter."""

from __future__ import annotations

DAYS = (
    # Swedish, Danish, Polish, Czech, Slovak, Croatian, Hungarian and Romanian
    "bokföringsdag|bokföringsdatum|bogføringsdato"
    "|data księgowania|data operacji|data transakcji|datum zaúčtování|datum zaúčtovania|datum splatnosti|datum provedení|dátum"
    "|datum transakce|datum knjiženja|datum izvršenja|könyvelés dátuma|könyvelési dátum|könyvelés napja|tranzakció dátuma"
    "|data tranzactie|data tranzactiei|data operatiunii|data inregistrarii"
    # Estonian, Latvian, Finnish, Greek and Turkish
    "|kuupäev|datums|kirjauspäivä|tapahtumapäivä|maksupäivä|päivä|ημερομηνία συναλλαγής|ημερομηνία|ημ/νία|işlem tarihi"
    "|tarih/saat|tarih"
    # Russian, Ukrainian and Bulgarian
    "|дата проводки|дата операции|дата операції|дата и время операции|дата документа|дата платежа|дата"
    # Hebrew, Arabic and Thai
    "|תאריך פעולה|תאריך|تاريخ العملية|تاريخ المعاملة|التاريخ|วันที่ทำรายการ|วันที่"
    # Japanese, Korean, Vietnamese, Indonesian and the Chinese of Taiwan
    "|お取引日|取引日|取扱日付|勘定日|年月日|日付|거래일시|거래일자|거래일|일자|날짜|ngày giao dịch|ngày hạch toán|ngày"
    "|tanggal transaksi|tanggal|tgl|帳務日期|記帳日|入帳日期"
    # Spanish, Portuguese, Italian, French and English
    "|fecha contable|fecha de operación|f. operación|data mov|data movimento|data do movimento|data do lançamento"
    "|data da operação|data registrazione|data operazione|dateop|date opération|trans. date|txn posted date"
)
VALUE_DAYS = (
    "data waluty|datum valuty|datum valute|értéknap|értékdátum|data valutei|arvopäivä|väärtuspäev|valutadatum|rentedato"
    "|ημερομηνία αξίας|ημ/νία αξίας|ημερομηνία valeur|valör|valör tarihi|вальор|дата валютирования|תאריך ערך|יום ערך"
    "|تاريخ القيمة|dateval|f. valor|f.valor|data valor|data-valor|value. date|value dat"
)
AMOUNTS = (
    "kwota operacji|kwota transakcji|kwota transakcji (waluta rachunku)|částka|objem|suma|összeg|iznos|määrä|määrä euroa"
    "|ποσό|tutar|işlem tutarı|сумма операции|сумма в валюте счета|сумма|сумма платежа|сума в валюті картки|сума|סכום|المبلغ"
    "|จำนวนเงิน|取引金額|入出金額|入出金|거래금액|금액|số tiền|jumlah|nominal|montante|importância|montant opération"
    "|billing amount|statement amount"
)
MONEY_IN = (
    "připsáno|jóváírás|uplata|odobrenje|πίστωση|приход|зачислено|поступление|сумма зачисления|надходження"
    "|זכות|בזכות|دائن|إيداع|ฝากเงิน|ฝาก|เงินเข้า|お預入れ|お預け入れ額|お預入れ金額|お預入金額|お預り金額|預かり金額|預り金額"
    "|入金額|入金金額|ご入金金額|입금액|입금금액|맡기신금액|số tiền ghi có|ghi có|phát sinh có|tiền vào|存入金額|收入金額"
    "|inn på konto|pano"
)
MONEY_OUT = (
    "odepsáno|terhelés|isplata|terećenje|χρέωση|расход|списано|списание|сумма списания|видатки"
    "|חובה|בחובה|مدين|سحب|ถอนเงิน|ถอน|เงินออก|お引出し|お引出金額|お支払金額|お支払い金額|支払い金額|支払金額"
    "|出金額|出金金額|ご出金金額|출금액|출금금액|찾으신금액|số tiền ghi nợ|ghi nợ|phát sinh nợ|tiền ra|提出|提款|支出金額|提出金額"
    "|ut fra konto|otto"
)
PAIR_IN = "кредит|입금|入金|輸入|kreditas|kredīts|kreedit|potražuje|giriş|存入|credite|الإيداعات|القيد الدائن"
PAIR_OUT = "дебет|дебит|출금|出金|debetas|debets|deebet|duguje|çıkış|支出|debite|السحوبات|القيد المدين"
CURRENCIES = (
    "waluta|měna|mena|devizanem|deviza|pénznem|valuutta|valuuta|valūta|valiuta|moneda|moeda|νόμισμα|döviz|para birimi"
    "|валюта|валюта операции|валюта платежа|валюта картки|מטבע|العملة|สกุลเงิน|通貨|통화|loại tiền|mata uang|幣別"
    "|billing currency"
)
PAYERS = (
    "nazwa nadawcy|nadawca|kontrahent|dane kontrahenta|nadawca/odbiorca|název protiúčtu|protistrana|názov protiúčtu"
    "|jméno protiúčtu|ellenoldali név|partner neve|saaja/maksaja|maksaja|nimi|saaja/maksja|saaja/maksja nimi|maksja"
    "|saņēmējs/maksātājs|maksātājs|gavėjas/mokėtojas|mokėtojas/gavėjas|mokėtojas|gavėjas|ordonator|platitelj/primatelj|platitelj"
    "|εντολέας|gönderen|gönderen/alıcı|karşı taraf|плательщик|контрагент|отправитель|платник|наредител|اسم المرسل|보낸분/받는분"
    "|보낸분|의뢰인/수취인|거래상대|người chuyển|pengirim|對方戶名|匯款人|nom du tiers|rozliczenie z"
)
ACCOUNTS = (
    "rachunek nadawcy|nr rachunku|rachunek kontrahenta|protiúčet|číslo protiúčtu|ellenoldali számlaszám|счет плательщика"
    "|счёт плательщика|상대계좌번호|對方帳號|saajan tilinumero"
)
TEXTS = (
    "tytuł|opis operacji|opis transakcji|opis|szczegóły|zpráva pro příjemce|poznámka|popis|variabilní symbol|variabilný symbol"
    "|účel|informácia pre prijímateľa|közlemény|megjegyzés|viesti|viite|selitys|otsikko|selgitus|viitenumber"
    "|informācija saņēmējam|maksājuma mērķis|paaiškinimai|mokėjimo paskirtis|descriere|detalii|detalii tranzactie|opis plaćanja"
    "|svrha|περιγραφή|αιτιολογία|açıklama|işlem açıklaması|назначение платежа|описание операции|описание|комментарий"
    "|призначення платежу|опис операції|коментар|основание|תיאור|תיאור הפעולה|פרטים|תאור מורחב|הערה|البيان|الوصف|التفاصيل"
    "|ملاحظات|รายการ|รายละเอียด|หมายเหตุ|摘要内容|お取り扱い内容|お取引内容|取引内容|備考|メモ|적요|송금메모|메모|기재내용|내용"
    "|nội dung chi tiết|nội dung|diễn giải|mô tả|keterangan|uraian|deskripsi|berita|說明|備註|附註|交易資訊|descrição|histórico"
    "|lançamento|descritivo|operazione|dettagli|descrizione|observaciones|movimiento|descripción|concepto/referencia|beskrivning|meddelande"
    "|rubrik|forklaring|tekst|label|particulars|transaction ref1|transaction ref2|transaction ref3|交易详情"
)
STATES = "статус|состояние|állapot|stare|κατάσταση|סטטוס|الحالة|สถานะ|状態|상태|trạng thái|contabilizzazione|狀態"
BALANCES = (
    "saldo po operacji|saldo po transakcji|zůstatek|zostatok|egyenleg|sold|sold contabil|stanje|υπόλοιπο|bakiye|остаток|салдо"
    "|залишок|залишок на кінець періоду|יתרה|היתרה|الرصيد|ยอดคงเหลือ|คงเหลือ|差引残高|残高|거래후잔액|거래 후 잔액|잔액|số dư"
    "|餘額|結餘|disponible|saldo disponible|saldo contabilístico|saldo disponível|saldos|saldo contabile|bokfört saldo"
    "|saldo na mutatie|statement balance|closing balance|accountbalance"
)
DIRECTION_COLUMNS = (
    "deebet/kreedit|debetas/kreditas|debets/kredīts|입출금구분|入払区分|入出金区分|borç/alacak|b/a|借貸別|дебет/кредит"
    "|t/j|terhelés/jóváírás|χ/π|χρέωση/πίστωση|směr|db/cr"
)
KIND_COLUMNS = (
    "tehingu tüüp|laji|kategorie|forgalom típusa|tranzakció típusa|typ transakcji|typ operacji|işlem tipi|тип операции"
    "|bewegungstyp|тип|операция|операція|סוג|סוג פעולה|תנועה|النوع|نوع العملية|ประเภท|loại|loại giao dịch|jenis|jenis transaksi"
    "|τύπος|tyyppi|typ|druh|tür|種別|取引種別|取引区分|거래구분|구분|거래종류|交易類別|交易類型"
)
